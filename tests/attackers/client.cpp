// SPDX-License-Identifier: GPL-3.0-or-later
// Options, report, loop and connection of the attackers.
#include "tests/attackers/client.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>

namespace micguard::attack {
namespace {

[[noreturn]] void usage(const std::string& program, std::initializer_list<const char*> flags,
                        std::initializer_list<const char*> values, bool takesRest) {
    std::cerr << "usage: " << program
              << " [--source NAME] [--count N] [--seconds S] [--remote NAME] [--stats FILE]";
    for (const char* flag : flags)
        std::cerr << " [--" << flag << "]";
    for (const char* value : values)
        std::cerr << " [--" << value << " VALUE]";
    std::cerr << (takesRest ? " [ATTACKER...]\n" : "\n");
    std::exit(2);
}

StreamStats* mapStats(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void* memory = MAP_FAILED;
    if (fd >= 0 && ::ftruncate(fd, sizeof(StreamStats)) == 0)
        memory = ::mmap(nullptr, sizeof(StreamStats), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        ::close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<StreamStats*>(memory);
}

Properties copy(const spa_dict* dict) {
    Properties result;
    const spa_dict_item* item = nullptr;
    if (dict != nullptr)
        spa_dict_for_each(item, dict) result[item->key] = item->value != nullptr ? item->value : "";
    return result;
}

} // namespace

std::string Options::value(const std::string& key, const std::string& otherwise) const {
    const auto it = values.find(key);
    return it == values.end() ? otherwise : it->second;
}

Options parseOptions(int argc, char** argv, std::initializer_list<const char*> flags,
                     std::initializer_list<const char*> values, bool takesRest) {
    Options options;
    const std::string path = argv[0];
    options.program = path.substr(path.rfind('/') + 1);
    if (options.program.starts_with("attack-"))
        options.program = options.program.substr(7);
    const auto knows = [](std::initializer_list<const char*> list, const std::string& name) {
        return std::any_of(list.begin(), list.end(), [&](const char* known) { return name == known; });
    };
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const std::string name = word.starts_with("--") ? word.substr(2) : "";
        const bool more = i + 1 < argc;
        if (name.empty() && takesRest)
            options.rest.push_back(word);
        else if (knows(flags, name))
            options.flags.insert(name);
        else if (!more)
            usage(options.program, flags, values, takesRest);
        else if (name == "source")
            options.source = argv[++i];
        else if (name == "remote")
            options.remote = argv[++i];
        else if (name == "stats")
            options.statsPath = argv[++i];
        else if (name == "count")
            options.count = std::strtoull(argv[++i], nullptr, 10);
        else if (name == "seconds")
            options.seconds = std::strtod(argv[++i], nullptr);
        else if (knows(values, name))
            options.values[name] = argv[++i];
        else
            usage(options.program, flags, values, takesRest);
    }
    return options;
}

Report::Report(const Options& options, int tier)
    : program_(options.program)
    , tier_(tier)
    , limit_(options.count)
    , stats_(options.statsPath.empty() ? &own_ : mapStats(options.statsPath)) {
    if (stats_ == nullptr)
        throw std::runtime_error("cannot map " + options.statsPath);
}

Report::~Report() {
    if (stats_ != &own_)
        ::munmap(stats_, sizeof(StreamStats));
}

void Report::print() {
    const test::StreamSnapshot heard = test::snapshotOf(*stats_);
    nlohmann::ordered_json line{{"attacker", program_},
                                {"tier", tier_},
                                {"attempts", attempts},
                                {"accepted", accepted},
                                {"refused", refused},
                                {"samples", heard.samples},
                                {"nonzero", heard.nonZero},
                                {"heard_before", heard.audible[0]},
                                {"heard_after", heard.audible[1]},
                                // However weak: ears take the graph's rate, at which nothing rings.
                                {"weak_after", heard.ofSign[1]},
                                {"peak_after", heard.peak[1]},
                                {"last_before_ns", heard.lastNsec[0]},
                                {"first_after_ns", heard.firstNsec[1]},
                                {"last_after_ns", heard.lastNsec[1]}};
    line.update(more_);
    std::cout << line.dump() << std::endl;
}

Loop::Loop(const Options& options)
    : loop_(pw_main_loop_new(nullptr)) {
    const auto quit = [](void* data, int) noexcept { static_cast<Loop*>(data)->end(); };
    pw_loop_add_signal(get(), SIGTERM, quit, this);
    pw_loop_add_signal(get(), SIGINT, quit, this);
    context_ = pw_context_new(get(), nullptr, 0);
    ticker_ = pw_loop_add_timer(
        get(), [](void* data, std::uint64_t) noexcept { static_cast<Loop*>(data)->work_(); }, this);
    if (options.seconds > 0) {
        spa_source* last = pw_loop_add_timer(
            get(), [](void* data, std::uint64_t) noexcept { static_cast<Loop*>(data)->end(); }, this);
        arm(last, std::chrono::microseconds(static_cast<std::int64_t>(options.seconds * 1e6)), {});
    }
    // Once, so that waiting is done in rounds of our own.
    pw_loop_enter(get());
}

Loop::~Loop() {
    pw_loop_leave(get());
    pw_context_destroy(context_);
    pw_main_loop_destroy(loop_);
}

void Loop::arm(spa_source* timer, std::chrono::microseconds first, std::chrono::microseconds interval) const {
    const auto split = [](std::chrono::microseconds time) {
        return timespec{time.count() / 1000000, (time.count() % 1000000) * 1000};
    };
    timespec value = split(first), repeat = split(interval);
    pw_loop_update_timer(get(), timer, &value, &repeat, false);
}

void Loop::every(std::chrono::microseconds interval, std::function<void()> work) {
    work_ = std::move(work);
    arm(ticker_, interval, interval);
}

void Loop::run() {
    while (!ended_)
        pw_loop_iterate(get(), -1);
}

bool Loop::runUntil(const std::function<bool()>& predicate, std::chrono::microseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (!ended_ && !predicate()) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() < 0)
            break;
        pw_loop_iterate(get(), std::max(1, static_cast<int>(left.count())));
    }
    return predicate();
}

std::string Global::property(const std::string& key) const {
    const auto it = properties.find(key);
    return it == properties.end() ? "" : it->second;
}

const pw_core_events Connection::coreEvents = {
    .version = PW_VERSION_CORE_EVENTS,
    .done =
        [](void* data, std::uint32_t id, int seq) noexcept {
            if (id == PW_ID_CORE)
                static_cast<Connection*>(data)->done_ = seq;
        },
    .error =
        [](void* data, std::uint32_t id, int, int result, const char* message) noexcept {
            auto& self = *static_cast<Connection*>(data);
            self.errors_++;
            if (std::getenv("ATTACK_DEBUG") != nullptr)
                std::fprintf(stderr, "error on %u: %d %s\n", id, result, message != nullptr ? message : "");
            if (id == PW_ID_CORE && result == -EPIPE)
                self.lost_ = true;
        },
};

const pw_registry_events Connection::registryEvents = {
    .version = PW_VERSION_REGISTRY_EVENTS,
    .global =
        [](void* data, std::uint32_t id, std::uint32_t permissions, const char* type, std::uint32_t,
           const spa_dict* properties) noexcept {
            auto& self = *static_cast<Connection*>(data);
            const Global global{id, permissions, type, copy(properties)};
            self.globals_[id] = self.former_[id] = global;
            if (self.onGlobal)
                self.onGlobal(global);
        },
    .global_remove =
        [](void* data, std::uint32_t id) noexcept {
            auto& self = *static_cast<Connection*>(data);
            self.globals_.erase(id);
            if (const auto it = self.bound_.find(id); it != self.bound_.end()) {
                pw_proxy_destroy(it->second);
                self.bound_.erase(it);
            }
            if (self.onGlobalRemoved)
                self.onGlobalRemoved(id);
        },
};

std::unique_ptr<Connection> Connection::open(Loop& loop, const Options& options, const std::string& name,
                                             const Properties& claims) {
    pw_properties* properties = pw_properties_new(PW_KEY_APP_NAME, name.c_str(), nullptr);
    for (const auto& [key, value] : claims)
        pw_properties_set(properties, key.c_str(), value.c_str());
    if (!options.remote.empty())
        pw_properties_set(properties, PW_KEY_REMOTE_NAME, options.remote.c_str());
    pw_core* core = pw_context_connect(loop.context(), properties, 0);
    if (core == nullptr)
        return nullptr;
    std::unique_ptr<Connection> self(new Connection(loop));
    self->core_ = core;
    pw_core_add_listener(core, &self->coreHook_, &coreEvents, self.get());
    self->registry_ = pw_core_get_registry(core, PW_VERSION_REGISTRY, 0);
    pw_registry_add_listener(self->registry_, &self->registryHook_, &registryEvents, self.get());
    return self;
}

Connection::~Connection() {
    for (const auto& [id, proxy] : bound_)
        pw_proxy_destroy(proxy);
    spa_hook_remove(&registryHook_);
    pw_proxy_destroy(reinterpret_cast<pw_proxy*>(registry_));
    spa_hook_remove(&coreHook_);
    pw_core_disconnect(core_);
}

bool Connection::roundTrip() {
    const int seq = pw_core_sync(core_, PW_ID_CORE, 0);
    // Also when the loop has been told to end: what was sent must not stay behind in our own buffers.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (!lost_ && done_ != seq && std::chrono::steady_clock::now() < end)
        pw_loop_iterate(loop_.get(), 10);
    return !lost_ && done_ == seq;
}

namespace {

std::optional<Global> find(const std::map<std::uint32_t, Global>& in, const std::string& name) {
    for (const auto& [id, global] : in)
        if (global.type == PW_TYPE_INTERFACE_Node && global.property("node.name") == name)
            return global;
    return std::nullopt;
}

} // namespace

std::optional<Global> Connection::node(const std::string& name) const {
    return find(globals_, name);
}
std::optional<Global> Connection::formerNode(const std::string& name) const {
    return find(former_, name);
}

std::vector<Global> Connection::ofType(const char* type) const {
    std::vector<Global> result;
    for (const auto& [id, global] : globals_)
        if (global.type == type)
            result.push_back(global);
    return result;
}

std::vector<std::uint32_t> Connection::formerPorts(std::uint32_t node, const char* direction) const {
    std::vector<std::uint32_t> result;
    for (const auto& [id, global] : former_)
        if (global.type == PW_TYPE_INTERFACE_Port && global.property("node.id") == std::to_string(node) &&
            global.property("port.direction") == direction)
            result.push_back(id);
    return result;
}

pw_proxy* Connection::bind(const Global& global, std::uint32_t version) {
    if (const auto it = bound_.find(global.id); it != bound_.end())
        return it->second;
    auto* proxy =
        static_cast<pw_proxy*>(pw_registry_bind(registry_, global.id, global.type.c_str(), version, 0));
    if (proxy != nullptr)
        bound_[global.id] = proxy;
    return proxy;
}

int runAttack(int argc, char** argv, const Options& options, const std::function<int()>& attack) {
    pw_init(&argc, &argv);
    int code = 1;
    try {
        code = attack();
    } catch (const std::exception& error) {
        std::cerr << options.program << ": " << error.what() << "\n";
    }
    pw_deinit();
    return code;
}

} // namespace micguard::attack
