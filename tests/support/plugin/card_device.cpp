// SPDX-License-Identifier: GPL-3.0-or-later
// micguard.test.acp: state of the fake card, its events, and the SPA methods.
#include "tests/support/plugin/card_device.hpp"
#include "tests/support/plugin/factories.hpp"

#include <spa/monitor/event.h>
#include <spa/node/node.h>
#include <spa/param/audio/raw.h>
#include <spa/param/profile.h>
#include <spa/param/props.h>
#include <spa/param/route.h>
#include <spa/pod/iter.h>
#include <spa/pod/parser.h>
#include <spa/utils/dict.h>
#include <spa/utils/string.h>

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cmath>
#include <cstddef>
#include <new>
#include <string_view>

namespace micguard::test {

namespace {

// In front of those properties of the card that are meant for its node.
constexpr std::string_view kNodePrefix = "micguard.test.node.";

enum ParamIndex : std::size_t { kEnumProfile, kProfile, kEnumRoute, kRoute };

} // namespace

Card::Card(const spa_dict* info) {
    const spa_dict_item* item = nullptr;
    spa_dict_for_each(item, info) properties_.emplace_back(item->key, item->value);
    if (const char* channels = spa_dict_lookup(info, "micguard.test.node.audio.channels"))
        spa_atou32(channels, &channels_, 0);
    channels_ = std::clamp(channels_, 1U, 2U);
    if (const char* path = spa_dict_lookup(info, "micguard.test.node.micguard.test.control")) {
        const int fd = ::open(path, O_RDWR | O_CLOEXEC);
        void* memory = fd >= 0
                           ? ::mmap(nullptr, sizeof(ControlLayout), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                           : MAP_FAILED;
        if (memory != MAP_FAILED)
            control_ = static_cast<ControlLayout*>(memory);
        if (fd >= 0)
            ::close(fd);
    }
    params_[kEnumProfile] = SPA_PARAM_INFO(SPA_PARAM_EnumProfile, SPA_PARAM_INFO_READ);
    params_[kProfile] = SPA_PARAM_INFO(SPA_PARAM_Profile, SPA_PARAM_INFO_READWRITE);
    params_[kEnumRoute] = SPA_PARAM_INFO(SPA_PARAM_EnumRoute, SPA_PARAM_INFO_READ);
    params_[kRoute] = SPA_PARAM_INFO(SPA_PARAM_Route, SPA_PARAM_INFO_READWRITE);
    spa_hook_list_init(&hooks_);
    device_.iface.type = SPA_TYPE_INTERFACE_Device;
    device_.iface.version = SPA_VERSION_DEVICE;
    device_.iface.cb.funcs = &kMethods;
    device_.iface.cb.data = this;
}

Card::~Card() {
    if (control_ != nullptr)
        ::munmap(control_, sizeof(ControlLayout));
}

void Card::emitInfo(bool full) {
    std::vector<spa_dict_item> items;
    for (const auto& [key, value] : properties_)
        if (!key.starts_with(kNodePrefix))
            items.push_back({key.c_str(), value.c_str()});
    items.push_back({"micguard.test.card", "true"});
    const spa_dict props{0, static_cast<uint32_t>(items.size()), items.data()};
    spa_device_info info{};
    info.version = SPA_VERSION_DEVICE_INFO;
    info.change_mask = SPA_DEVICE_CHANGE_MASK_PARAMS | (full ? SPA_DEVICE_CHANGE_MASK_PROPS : 0U);
    info.props = &props;
    info.params = params_.data();
    info.n_params = static_cast<uint32_t>(params_.size());
    spa_device_emit_info(&hooks_, &info);
}

void Card::emitNode() {
    std::vector<spa_dict_item> items;
    for (const auto& [key, value] : properties_)
        if (key.starts_with(kNodePrefix))
            items.push_back({key.c_str() + kNodePrefix.size(), value.c_str()});
    items.push_back({"card.profile.device", "0"});
    items.push_back({"device.routes", "1"});
    items.push_back({"device.profile.name", "analog-mono"});
    const spa_dict props{0, static_cast<uint32_t>(items.size()), items.data()};
    spa_device_object_info info{};
    info.version = SPA_VERSION_DEVICE_OBJECT_INFO;
    info.type = SPA_TYPE_INTERFACE_Node;
    info.factory_name = "micguard.test.source";
    info.change_mask = SPA_DEVICE_OBJECT_CHANGE_MASK_PROPS;
    info.props = &props;
    spa_device_emit_object_info(&hooks_, kNode, &info);
}

int Card::setProfile(const spa_pod* param) {
    uint32_t index = SPA_ID_INVALID;
    const char* name = nullptr;
    bool save = false;
    if (param == nullptr) {
        index = kOn;
    } else if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamProfile, nullptr, SPA_PARAM_PROFILE_index,
                                    SPA_POD_OPT_Int(&index), SPA_PARAM_PROFILE_name,
                                    SPA_POD_OPT_String(&name), SPA_PARAM_PROFILE_save,
                                    SPA_POD_OPT_Bool(&save)) < 0) {
        return -EINVAL;
    }
    if (index == SPA_ID_INVALID && name != nullptr)
        index = spa_streq(name, "off") ? kOff : kOn;
    if (index > kOn)
        return -EINVAL;
    profileSave_ = save;
    if (index != profile_) {
        profile_ = index;
        if (profile_ == kOff)
            spa_device_emit_object_info(&hooks_, kNode, nullptr);
        else
            emitNode();
        params_[kRoute].flags ^= SPA_PARAM_INFO_SERIAL;
        params_[kEnumRoute].flags ^= SPA_PARAM_INFO_SERIAL;
    }
    params_[kProfile].flags ^= SPA_PARAM_INFO_SERIAL;
    emitInfo(false);
    return 0;
}

int Card::setRoute(const spa_pod* param) {
    if (param == nullptr)
        return -EINVAL;
    uint32_t index = SPA_ID_INVALID;
    uint32_t device = SPA_ID_INVALID;
    const char* name = nullptr;
    spa_pod* props = nullptr;
    bool save = false;
    if (spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamRoute, nullptr, SPA_PARAM_ROUTE_index,
                             SPA_POD_OPT_Int(&index), SPA_PARAM_ROUTE_name, SPA_POD_OPT_String(&name),
                             SPA_PARAM_ROUTE_device, SPA_POD_Int(&device), SPA_PARAM_ROUTE_props,
                             SPA_POD_OPT_Pod(&props), SPA_PARAM_ROUTE_save, SPA_POD_OPT_Bool(&save)) < 0)
        return -EINVAL;
    if (index == SPA_ID_INVALID && name != nullptr)
        index = static_cast<uint32_t>(std::find(kRoutes.begin(), kRoutes.end(), std::string_view(name)) -
                                      kRoutes.begin());
    if (device != kNode || index >= kRoutes.size() || profile_ != kOn)
        return -EINVAL;
    route_ = index;
    routeSave_ = save;
    if (props != nullptr)
        applyProps(props);
    params_[kRoute].flags ^= SPA_PARAM_INFO_SERIAL;
    emitInfo(false);
    return 0;
}

void Card::applyProps(const spa_pod* props) {
    if (!spa_pod_is_object_type(props, SPA_TYPE_OBJECT_Props))
        return;
    const auto* object = reinterpret_cast<const spa_pod_object*>(props);
    const spa_pod_prop* prop = nullptr;
    bool muteGiven = false;
    bool volumeGiven = false;
    SPA_POD_OBJECT_FOREACH(object, prop) {
        if (prop->key == SPA_PROP_mute) {
            muteGiven = spa_pod_get_bool(&prop->value, &mute_) == 0;
        } else if (prop->key == SPA_PROP_channelVolumes) {
            std::array<float, 64> given{};
            const uint32_t count =
                spa_pod_copy_array(&prop->value, SPA_TYPE_Float, given.data(), given.size());
            if (count == 0)
                continue;
            for (uint32_t c = 0; c < channels_; ++c)
                volumes_[c] = given[std::min(c, count - 1)];
            volumeGiven = true;
        }
    }
    if (volumeGiven) {
        // A mixer with 20 steps: the rest is done in software, so that softVolumes is rarely exactly 1.
        for (uint32_t c = 0; c < channels_; ++c) {
            const float step = std::min(std::ceil(volumes_[c] * 20) / 20, 1.0F);
            softVolumes_[c] = step > 0 ? volumes_[c] / step : 0.0F;
        }
        sendVolume();
        if (control_ != nullptr)
            control_->routeVolumeWrites.fetch_add(1);
    }
    if (muteGiven)
        sendMute();
    report();
}

void Card::report() {
    if (control_ == nullptr)
        return;
    control_->routeMute = mute_ ? 1 : 0;
    control_->routeVolume = volumes_[0];
    control_->routeChanges.fetch_add(1);
    ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&control_->routeChanges), FUTEX_WAKE, INT_MAX,
              nullptr, nullptr, 0);
}

void Card::sendVolume() {
    std::array<uint8_t, 4096> buffer{};
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, buffer.data(), buffer.size());
    const uint32_t map[] = {channels_ == 1 ? SPA_AUDIO_CHANNEL_MONO : SPA_AUDIO_CHANNEL_FL,
                            SPA_AUDIO_CHANNEL_FR};
    spa_pod_frame frame{};
    spa_pod_builder_push_object(&builder, &frame, SPA_TYPE_EVENT_Device, SPA_DEVICE_EVENT_ObjectConfig);
    spa_pod_builder_prop(&builder, SPA_EVENT_DEVICE_Object, 0);
    spa_pod_builder_int(&builder, kNode);
    spa_pod_builder_prop(&builder, SPA_EVENT_DEVICE_Props, 0);
    spa_pod_builder_add_object(
        &builder, SPA_TYPE_OBJECT_Props, SPA_EVENT_DEVICE_Props, SPA_PROP_channelVolumes,
        SPA_POD_Array(sizeof(float), SPA_TYPE_Float, channels_, volumes_.data()), SPA_PROP_channelMap,
        SPA_POD_Array(sizeof(uint32_t), SPA_TYPE_Id, channels_, map), SPA_PROP_softVolumes,
        SPA_POD_Array(sizeof(float), SPA_TYPE_Float, channels_, softVolumes_.data()));
    spa_device_emit_event(&hooks_, static_cast<spa_event*>(spa_pod_builder_pop(&builder, &frame)));
}

void Card::sendMute() {
    std::array<uint8_t, 1024> buffer{};
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, buffer.data(), buffer.size());
    spa_pod_frame frame{};
    spa_pod_builder_push_object(&builder, &frame, SPA_TYPE_EVENT_Device, SPA_DEVICE_EVENT_ObjectConfig);
    spa_pod_builder_prop(&builder, SPA_EVENT_DEVICE_Object, 0);
    spa_pod_builder_int(&builder, kNode);
    spa_pod_builder_prop(&builder, SPA_EVENT_DEVICE_Props, 0);
    spa_pod_builder_add_object(&builder, SPA_TYPE_OBJECT_Props, SPA_EVENT_DEVICE_Props, SPA_PROP_mute,
                               SPA_POD_Bool(mute_), SPA_PROP_softMute, SPA_POD_Bool(mute_));
    spa_device_emit_event(&hooks_, static_cast<spa_event*>(spa_pod_builder_pop(&builder, &frame)));
}

int Card::setParam(uint32_t id, const spa_pod* param) {
    if (id == SPA_PARAM_Profile)
        return setProfile(param);
    if (id == SPA_PARAM_Route)
        return setRoute(param);
    return -ENOENT;
}

const spa_device_methods Card::kMethods = {
    .version = SPA_VERSION_DEVICE_METHODS,
    .add_listener = [](void* object, spa_hook* listener, const spa_device_events* events,
                       void* data) noexcept -> int {
        auto& self = *static_cast<Card*>(object);
        spa_hook_list save{};
        spa_hook_list_isolate(&self.hooks_, &save, listener, events, data);
        if (events->info != nullptr || events->object_info != nullptr)
            self.emitInfo(true);
        if (self.profile_ == kOn)
            self.emitNode();
        spa_hook_list_join(&self.hooks_, &save);
        return 0;
    },
    .sync = [](void* object, int seq) noexcept -> int {
        spa_device_emit_result(&static_cast<Card*>(object)->hooks_, seq, 0, 0, nullptr);
        return 0;
    },
    .enum_params = [](void* object, int seq, uint32_t id, uint32_t start, uint32_t num,
                      const spa_pod* filter) noexcept -> int {
        return static_cast<Card*>(object)->enumParams(seq, id, start, num, filter);
    },
    .set_param = [](void* object, uint32_t id, uint32_t, const spa_pod* param) noexcept -> int {
        return static_cast<Card*>(object)->setParam(id, param);
    },
};

namespace {

struct CardHandle {
    spa_handle handle;
    alignas(Card) std::byte storage[sizeof(Card)];
    Card* card;
};

} // namespace

const spa_handle_factory cardFactory = {
    SPA_VERSION_HANDLE_FACTORY,
    "micguard.test.acp",
    nullptr,
    [](const spa_handle_factory*, const spa_dict*) -> size_t { return sizeof(CardHandle); },
    [](const spa_handle_factory*, spa_handle* handle, const spa_dict* info, const spa_support*,
       uint32_t) -> int {
        auto* self = reinterpret_cast<CardHandle*>(handle);
        self->card = nullptr;
        if (info == nullptr)
            return -EINVAL;
        handle->get_interface = [](spa_handle* object, const char* type, void** interface) -> int {
            if (!spa_streq(type, SPA_TYPE_INTERFACE_Device))
                return -ENOENT;
            *interface = reinterpret_cast<CardHandle*>(object)->card->interface();
            return 0;
        };
        handle->clear = [](spa_handle* object) -> int {
            auto* mine = reinterpret_cast<CardHandle*>(object);
            if (mine->card != nullptr)
                mine->card->~Card();
            mine->card = nullptr;
            return 0;
        };
        try {
            self->card = new (self->storage) Card(info);
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
