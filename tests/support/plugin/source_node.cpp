// SPDX-License-Identifier: GPL-3.0-or-later
// micguard.test.source: a live capture node with one output port, driver of the graph or follower of another
// driver. It has no volume or mute of its own on purpose, so that whatever silences it is the adapter around
// it or further on.
#include "tests/support/plugin/source_node.hpp"
#include "tests/support/plugin/factories.hpp"

#include <spa/pod/filter.h>
#include <spa/utils/keys.h>
#include <spa/utils/names.h>
#include <spa/utils/string.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>
#include <new>

namespace micguard::test {

namespace {

std::uint64_t monotonicNow() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * SPA_NSEC_PER_SEC +
           static_cast<std::uint64_t>(now.tv_nsec);
}

} // namespace

void SourceNode::setTimeout(std::uint64_t nsec) {
    itimerspec spec{};
    spec.it_value.tv_sec = static_cast<time_t>(nsec / SPA_NSEC_PER_SEC);
    spec.it_value.tv_nsec = static_cast<long>(nsec % SPA_NSEC_PER_SEC);
    spa_system_timerfd_settime(dataSystem_, timer_.fd, SPA_FD_TIMER_ABSTIME, &spec, nullptr);
}

void SourceNode::setTimers() {
    nextTime_ = monotonicNow();
    setTimeout(following_ || !running_ ? 0 : nextTime_);
}

bool SourceNode::isFollowing() const {
    return position_ != nullptr && clock_ != nullptr && position_->clock.id != clock_->id;
}

void SourceNode::applyTimers() {
    spa_loop_invoke(
        dataLoop_,
        [](spa_loop*, bool, uint32_t, const void*, size_t, void* data) -> int {
            static_cast<SourceNode*>(data)->setTimers();
            return 0;
        },
        0, nullptr, 0, true, this);
}

void SourceNode::start() {
    if (running_)
        return;
    following_ = isFollowing();
    running_ = true;
    owed_ = 0;
    renderer_.started();
    applyTimers();
}

void SourceNode::stop() {
    if (!running_)
        return;
    running_ = false;
    applyTimers();
}

int SourceNode::setIo(uint32_t id, void* data, std::size_t size) {
    switch (id) {
    case SPA_IO_Clock:
        if (size > 0 && size < sizeof(spa_io_clock))
            return -EINVAL;
        clock_ = static_cast<spa_io_clock*>(data);
        if (clock_ != nullptr)
            spa_scnprintf(clock_->name, sizeof(clock_->name), "clock.micguard.test");
        break;
    case SPA_IO_Position:
        position_ = static_cast<spa_io_position*>(data);
        break;
    default:
        return -ENOENT;
    }
    if (running_ && isFollowing() != following_) {
        following_ = !following_;
        applyTimers();
    }
    return 0;
}

// Between two cycles, never within one: the server takes a port's io away while the graph runs.
int SourceNode::setPortIo(uint32_t id, void* data) {
    if (id != SPA_IO_Buffers && id != SPA_IO_RateMatch)
        return -ENOENT;
    const struct {
        uint32_t id;
        void* data;
    } change{id, data};
    spa_loop_invoke(
        dataLoop_,
        [](spa_loop*, bool, uint32_t, const void* bytes, size_t, void* node) -> int {
            auto& self = *static_cast<SourceNode*>(node);
            const auto& wanted = *static_cast<const decltype(change)*>(bytes);
            if (wanted.id == SPA_IO_Buffers)
                self.io_ = static_cast<spa_io_buffers*>(wanted.data);
            else
                self.rateMatch_ = static_cast<spa_io_rate_match*>(wanted.data);
            return 0;
        },
        0, &change, sizeof(change), true, this);
    return 0;
}

void SourceNode::onTimeout(spa_source* source) {
    auto& self = *static_cast<SourceNode*>(source->data);
    std::uint64_t expirations = 0;
    if (spa_system_timerfd_read(self.dataSystem_, self.timer_.fd, &expirations) < 0)
        return;

    std::uint64_t duration = 1024;
    std::uint64_t rate = 48000;
    if (self.position_ != nullptr) {
        duration = self.position_->clock.target_duration;
        rate = self.position_->clock.target_rate.denom;
    }
    const std::uint64_t now = self.nextTime_;
    self.nextTime_ = now + duration * SPA_NSEC_PER_SEC / rate;
    // A machine that was busy for long must not make a burst of cycles: a real card would have lost those,
    // too.
    const std::uint64_t real = monotonicNow();
    if (real > self.nextTime_ + SPA_NSEC_PER_SEC / 2)
        self.nextTime_ = real;

    if (self.clock_ != nullptr) {
        self.clock_->nsec = now;
        self.clock_->rate = self.clock_->target_rate;
        self.clock_->position += self.clock_->duration;
        self.clock_->duration = duration;
        self.clock_->delay = 0;
        self.clock_->rate_diff = 1.0;
        self.clock_->next_nsec = self.nextTime_;
    }
    const int status = self.produce();
    spa_node_call_ready(&self.callbacks_, status > 0 ? status : SPA_STATUS_OK);
    self.setTimeout(self.nextTime_);
}

std::uint32_t SourceNode::framesWanted() {
    if (rateMatch_ != nullptr && rateMatch_->size > 0)
        return rateMatch_->size;
    if (position_ == nullptr || position_->clock.rate.denom == 0)
        return 1024;
    const auto& clock = position_->clock;
    if (dsp_)
        return static_cast<std::uint32_t>(clock.duration);
    owed_ += static_cast<double>(clock.duration) * rate_ / clock.rate.denom;
    const double whole = std::floor(owed_);
    owed_ -= whole;
    return static_cast<std::uint32_t>(whole);
}

int SourceNode::produce() {
    if (io_ == nullptr || bufferCount_ == 0)
        return -EIO;
    if (io_->status == SPA_STATUS_HAVE_DATA && io_->buffer_id < bufferCount_) {
        // Nobody took the last cycle's audio: a live source overwrites it rather than falling behind.
        used_[io_->buffer_id] = false;
        io_->buffer_id = SPA_ID_INVALID;
    }
    std::uint32_t id = 0;
    while (id < bufferCount_ && used_[id])
        ++id;
    if (id == bufferCount_)
        return -EPIPE;

    spa_data& data = buffers_[id]->datas[0];
    const std::uint32_t frames = std::min<std::uint32_t>(framesWanted(), data.maxsize / frameBytes_);
    renderer_.beginCycle(frames, static_cast<std::int64_t>(monotonicNow()));
    const double rate = dsp_ && position_ != nullptr ? position_->clock.rate.denom : rate_;
    auto* bytes = static_cast<std::byte*>(data.data);
    for (std::uint32_t i = 0; i < frames; ++i) {
        const float sample = renderer_.next(rate);
        for (std::uint32_t c = 0; c < channels_; ++c) {
            if (s16_) {
                const auto value = static_cast<std::int16_t>(std::lround(sample * 32767.0F));
                std::memcpy(bytes, &value, sizeof(value));
                bytes += sizeof(value);
            } else {
                std::memcpy(bytes, &sample, sizeof(sample));
                bytes += sizeof(sample);
            }
        }
    }
    data.chunk->offset = 0;
    data.chunk->size = frames * frameBytes_;
    data.chunk->stride = static_cast<std::int32_t>(frameBytes_);
    data.chunk->flags = 0;
    used_[id] = true;
    io_->buffer_id = id;
    io_->status = SPA_STATUS_HAVE_DATA;
    return SPA_STATUS_HAVE_DATA;
}

int SourceNode::process() {
    if (io_ == nullptr)
        return -EIO;
    if (io_->status == SPA_STATUS_HAVE_DATA)
        return SPA_STATUS_HAVE_DATA;
    if (io_->buffer_id < bufferCount_) {
        used_[io_->buffer_id] = false;
        io_->buffer_id = SPA_ID_INVALID;
    }
    // As the graph's driver it has made this cycle's audio at the timer already; as a follower it does so
    // now.
    if (!following_ || !running_)
        return SPA_STATUS_OK;
    return produce();
}

int SourceNode::setFormat(const spa_pod* format) {
    if (format == nullptr) {
        haveFormat_ = false;
        clearBuffers();
        emitPort();
        return 0;
    }
    uint32_t mediaType = 0;
    uint32_t mediaSubtype = 0;
    if (const int result = spa_format_parse(format, &mediaType, &mediaSubtype); result < 0)
        return result;
    if (mediaType != SPA_MEDIA_TYPE_audio)
        return -EINVAL;
    if (mediaSubtype == SPA_MEDIA_SUBTYPE_dsp && offersDsp_) {
        dsp_ = true;
        s16_ = false;
        channels_ = 1;
    } else if (mediaSubtype == SPA_MEDIA_SUBTYPE_raw && !offersDsp_) {
        spa_audio_info_raw info{};
        if (spa_format_audio_raw_parse(format, &info) < 0 || info.rate == 0 || info.channels == 0 ||
            info.channels > 64)
            return -EINVAL;
        if (info.format != SPA_AUDIO_FORMAT_F32 && info.format != SPA_AUDIO_FORMAT_S16)
            return -EINVAL;
        dsp_ = false;
        s16_ = info.format == SPA_AUDIO_FORMAT_S16;
        rate_ = info.rate;
        channels_ = info.channels;
        rawInfo_ = info;
    } else {
        return -EINVAL;
    }
    frameBytes_ = static_cast<std::uint32_t>((s16_ ? sizeof(std::int16_t) : sizeof(float)) * channels_);
    haveFormat_ = true;
    emitPort();
    return 0;
}

void SourceNode::clearBuffers() {
    if (bufferCount_ == 0)
        return;
    stop();
    bufferCount_ = 0;
}

int SourceNode::useBuffers(spa_buffer** buffers, uint32_t count) {
    clearBuffers();
    if (count > 0 && !haveFormat_)
        return -EIO;
    if (count > kMaxBuffers)
        return -ENOSPC;
    for (uint32_t i = 0; i < count; ++i) {
        if (buffers[i]->datas[0].data == nullptr)
            return -EINVAL;
        buffers_[i] = buffers[i];
        used_[i] = false;
    }
    bufferCount_ = count;
    return 0;
}

SourceNode::SourceNode(spa_loop* dataLoop, spa_system* dataSystem, const spa_dict* info)
    : dataLoop_(dataLoop)
    , dataSystem_(dataSystem) {
    const auto find = [info](const char* key) {
        return info != nullptr ? spa_dict_lookup(info, key) : nullptr;
    };
    if (const char* value = find("clock.quantum-limit"))
        spa_atou32(value, &quantumLimit_, 0);
    if (const char* value = find("micguard.test.rate"))
        spa_atou32(value, &fixedRate_, 0);
    if (const char* value = find("micguard.test.format"))
        s16Wanted_ = spa_streq(value, "S16");
    if (const char* value = find("micguard.test.dsp"))
        offersDsp_ = spa_atob(value);
    if (const char* value = find("micguard.test.air"))
        air_ = spa_atob(value);
    if (const char* value = find("audio.channels"))
        spa_atou32(value, &wantedChannels_, 0);
    renderer_.open(find("micguard.test.control"), find("micguard.test.speech"));

    spa_hook_list_init(&hooks_);
    initInterfaces();

    timer_.func = &SourceNode::onTimeout;
    timer_.data = this;
    timer_.fd = spa_system_timerfd_create(dataSystem_, CLOCK_MONOTONIC, SPA_FD_CLOEXEC | SPA_FD_NONBLOCK);
    timer_.mask = SPA_IO_IN;
    spa_loop_add_source(dataLoop_, &timer_);
}

SourceNode::~SourceNode() {
    spa_loop_invoke(
        dataLoop_,
        [](spa_loop* loop, bool, uint32_t, const void*, size_t, void* data) -> int {
            spa_loop_remove_source(loop, &static_cast<SourceNode*>(data)->timer_);
            return 0;
        },
        0, nullptr, 0, true, this);
    spa_system_close(dataSystem_, timer_.fd);
}

namespace {

struct SourceHandle {
    spa_handle handle;
    alignas(SourceNode) std::byte storage[sizeof(SourceNode)];
    SourceNode* node;
};

int getInterface(spa_handle* handle, const char* type, void** interface) {
    if (handle == nullptr || interface == nullptr)
        return -EINVAL;
    if (!spa_streq(type, SPA_TYPE_INTERFACE_Node))
        return -ENOENT;
    *interface = reinterpret_cast<SourceHandle*>(handle)->node->interface();
    return 0;
}

int clearHandle(spa_handle* handle) {
    auto* self = reinterpret_cast<SourceHandle*>(handle);
    if (self->node != nullptr)
        self->node->~SourceNode();
    self->node = nullptr;
    return 0;
}

int initHandle(const spa_handle_factory*, spa_handle* handle, const spa_dict* info,
               const spa_support* support, uint32_t supportCount) {
    if (handle == nullptr)
        return -EINVAL;
    auto* self = reinterpret_cast<SourceHandle*>(handle);
    auto* loop = static_cast<spa_loop*>(spa_support_find(support, supportCount, SPA_TYPE_INTERFACE_DataLoop));
    auto* system =
        static_cast<spa_system*>(spa_support_find(support, supportCount, SPA_TYPE_INTERFACE_DataSystem));
    self->node = nullptr;
    if (loop == nullptr || system == nullptr)
        return -EINVAL;
    self->handle.get_interface = &getInterface;
    self->handle.clear = &clearHandle;
    try {
        self->node = new (self->storage) SourceNode(loop, system, info);
    } catch (...) {
        return -ENOMEM;
    }
    return 0;
}

int enumInterfaces(const spa_handle_factory*, const spa_interface_info** info, uint32_t* index) {
    static const spa_interface_info interface { SPA_TYPE_INTERFACE_Node };
    if (info == nullptr || index == nullptr)
        return -EINVAL;
    if (*index > 0)
        return 0;
    *info = &interface;
    ++*index;
    return 1;
}

} // namespace

const spa_handle_factory sourceFactory = {
    SPA_VERSION_HANDLE_FACTORY,
    "micguard.test.source",
    nullptr,
    [](const spa_handle_factory*, const spa_dict*) -> size_t { return sizeof(SourceHandle); },
    &initHandle,
    &enumInterfaces,
};

} // namespace micguard::test
