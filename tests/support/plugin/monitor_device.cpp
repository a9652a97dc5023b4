// SPDX-License-Identifier: GPL-3.0-or-later
// micguard.test.monitor: stands where api.alsa.enum.udev stands. Each file in a directory is a plugged-in
// card, whose lines KEY=VALUE are its properties (those of its node begin with micguard.test.node.); adding
// and removing files is plugging and unplugging.
#include "tests/support/plugin/factories.hpp"

#include <spa/monitor/device.h>
#include <spa/monitor/utils.h>
#include <spa/support/loop.h>
#include <spa/utils/dict.h>
#include <spa/utils/keys.h>
#include <spa/utils/string.h>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <new>
#include <string>
#include <vector>

namespace micguard::test {
namespace {

class Monitor {
  public:
    Monitor(spa_loop* loop, const char* directory);
    ~Monitor();
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;
    void* interface() { return &device_; }

  private:
    void announce(uint32_t id, const std::string& name);
    void rescan();
    static void onEvents(spa_source* source);
    static const spa_device_methods kMethods;

    spa_device device_{};
    spa_hook_list hooks_{};
    spa_loop* loop_;
    spa_source source_{};
    std::filesystem::path directory_;
    std::map<std::string, uint32_t> cards_;
    uint32_t nextId_ = 0;
};

Monitor::Monitor(spa_loop* loop, const char* directory)
    : loop_(loop)
    , directory_(directory) {
    spa_hook_list_init(&hooks_);
    device_.iface.type = SPA_TYPE_INTERFACE_Device;
    device_.iface.version = SPA_VERSION_DEVICE;
    device_.iface.cb.funcs = &kMethods;
    device_.iface.cb.data = this;
    source_.func = &Monitor::onEvents;
    source_.data = this;
    source_.mask = SPA_IO_IN;
    source_.fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    ::inotify_add_watch(source_.fd, directory, IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM);
    spa_loop_add_source(loop_, &source_);
}

Monitor::~Monitor() {
    spa_loop_remove_source(loop_, &source_);
    ::close(source_.fd);
}

void Monitor::announce(uint32_t id, const std::string& name) {
    std::vector<std::pair<std::string, std::string>> pairs;
    std::ifstream file(directory_ / name);
    for (std::string line; std::getline(file, line);)
        if (const std::size_t at = line.find('='); at != std::string::npos)
            pairs.emplace_back(line.substr(0, at), line.substr(at + 1));
    pairs.emplace_back("device.name", "test_card." + name);
    pairs.emplace_back("device.description", name + " (test card)");
    pairs.emplace_back("device.api", "alsa"); // as the cards that it stands for
    pairs.emplace_back("media.class", "Audio/Device");
    std::vector<spa_dict_item> items;
    for (const auto& [key, value] : pairs)
        items.push_back({key.c_str(), value.c_str()});
    const spa_dict props{0, static_cast<uint32_t>(items.size()), items.data()};
    spa_device_object_info info{};
    info.version = SPA_VERSION_DEVICE_OBJECT_INFO;
    info.type = SPA_TYPE_INTERFACE_Device;
    info.factory_name = "micguard.test.acp";
    info.change_mask = SPA_DEVICE_OBJECT_CHANGE_MASK_PROPS;
    info.props = &props;
    spa_device_emit_object_info(&hooks_, id, &info);
}

void Monitor::rescan() {
    std::map<std::string, uint32_t> present;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(".new"))
            continue;
        const auto known = cards_.find(name);
        present[name] = known != cards_.end() ? known->second : SPA_ID_INVALID;
    }
    for (const auto& [name, id] : cards_)
        if (!present.contains(name))
            spa_device_emit_object_info(&hooks_, id, nullptr);
    for (auto& [name, id] : present) {
        if (id != SPA_ID_INVALID)
            continue;
        id = nextId_++;
        announce(id, name);
    }
    cards_ = std::move(present);
}

void Monitor::onEvents(spa_source* source) {
    auto& self = *static_cast<Monitor*>(source->data);
    alignas(inotify_event) std::array<char, 4096> events{};
    while (::read(source->fd, events.data(), events.size()) > 0) {
    }
    self.rescan();
}

const spa_device_methods Monitor::kMethods = {
    .version = SPA_VERSION_DEVICE_METHODS,
    .add_listener = [](void* object, spa_hook* listener, const spa_device_events* events,
                       void* data) noexcept -> int {
        auto& self = *static_cast<Monitor*>(object);
        spa_hook_list save{};
        spa_hook_list_isolate(&self.hooks_, &save, listener, events, data);
        const spa_dict_item items[] = {{"device.api", "micguard-test"}, {"device.nick", "test-cards"}};
        const spa_dict props{0, 2, items};
        spa_device_info info{};
        info.version = SPA_VERSION_DEVICE_INFO;
        info.change_mask = SPA_DEVICE_CHANGE_MASK_PROPS;
        info.props = &props;
        spa_device_emit_info(&self.hooks_, &info);
        for (const auto& [name, id] : self.cards_)
            self.announce(id, name);
        if (self.cards_.empty())
            self.rescan();
        spa_hook_list_join(&self.hooks_, &save);
        return 0;
    },
    .sync = [](void* object, int seq) noexcept -> int {
        spa_device_emit_result(&static_cast<Monitor*>(object)->hooks_, seq, 0, 0, nullptr);
        return 0;
    },
    .enum_params = [](void*, int, uint32_t, uint32_t, uint32_t, const spa_pod*) noexcept -> int {
        return -ENOENT;
    },
    .set_param = [](void*, uint32_t, uint32_t, const spa_pod*) noexcept -> int { return -ENOENT; },
};

struct MonitorHandle {
    spa_handle handle;
    alignas(Monitor) std::byte storage[sizeof(Monitor)];
    Monitor* monitor;
};

} // namespace

const spa_handle_factory monitorFactory = {
    SPA_VERSION_HANDLE_FACTORY,
    "micguard.test.monitor",
    nullptr,
    [](const spa_handle_factory*, const spa_dict*) -> size_t { return sizeof(MonitorHandle); },
    [](const spa_handle_factory*, spa_handle* handle, const spa_dict* info, const spa_support* support,
       uint32_t count) -> int {
        auto* self = reinterpret_cast<MonitorHandle*>(handle);
        self->monitor = nullptr;
        auto* loop = static_cast<spa_loop*>(spa_support_find(support, count, SPA_TYPE_INTERFACE_Loop));
        const char* directory = info != nullptr ? spa_dict_lookup(info, "micguard.test.cards") : nullptr;
        if (loop == nullptr || directory == nullptr)
            return -EINVAL;
        handle->get_interface = [](spa_handle* object, const char* type, void** interface) -> int {
            if (!spa_streq(type, SPA_TYPE_INTERFACE_Device))
                return -ENOENT;
            *interface = reinterpret_cast<MonitorHandle*>(object)->monitor->interface();
            return 0;
        };
        handle->clear = [](spa_handle* object) -> int {
            auto* mine = reinterpret_cast<MonitorHandle*>(object);
            if (mine->monitor != nullptr)
                mine->monitor->~Monitor();
            mine->monitor = nullptr;
            return 0;
        };
        try {
            self->monitor = new (self->storage) Monitor(loop, directory);
        } catch (...) {
            return -ENOMEM;
        }
        return 0;
    },
    [](const spa_handle_factory*, const spa_interface_info** info, uint32_t* index) -> int {
        static const spa_interface_info interface { SPA_TYPE_INTERFACE_Device };
        if (*index > 0)
            return 0;
        *info = &interface;
        ++*index;
        return 1;
    },
};

} // namespace micguard::test
