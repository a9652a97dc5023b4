// SPDX-License-Identifier: GPL-3.0-or-later
//
// Follows sd_bus_get_fd(3): descriptor, events and time-out are asked anew before every poll. The time-out is
// of the same clock as g_get_monotonic_time().
#include "daemon/bus/event_source.hpp"

#include <algorithm>
#include <climits>
#include <cstdint>

#include <poll.h>
#include <systemd/sd-bus.h>

namespace micguard {

namespace {

// Messages taken in one go. A caller that sends without end must not keep the loop from everything else.
constexpr int longestBatch = 64;
constexpr gint64 longestTurn = 2 * G_TIME_SPAN_MILLISECOND;
// A bus that has not taken so many messages of ours does not read any more (it stops where clients that never read
// keep too much of ours). A new connection begins anew.
constexpr std::uint64_t mostUnsent = 8192;

GIOCondition conditionOf(int events) {
    int condition = G_IO_HUP | G_IO_ERR;
    if (events & POLLIN)
        condition |= G_IO_IN;
    if (events & POLLOUT)
        condition |= G_IO_OUT;
    return static_cast<GIOCondition>(condition);
}

} // namespace

struct BusSource::Source {
    GSource base;
    BusSource* owner;
    gpointer tag;
    int fd;
    GIOCondition condition;
};

GSourceFuncs BusSource::functions_ = {
    BusSource::prepare, BusSource::check, BusSource::dispatch, nullptr, nullptr, nullptr};

BusSource::BusSource(sd_bus* bus, std::function<void()> onLost)
    : bus_(bus)
    , onLost_(std::move(onLost)) {
    GSource* base = g_source_new(&functions_, sizeof(Source));
    source_ = reinterpret_cast<Source*>(base);
    source_->owner = this;
    source_->tag = nullptr;
    source_->fd = -1;
    g_source_set_name(base, "sd-bus");
    // It does not, but else GLib (2.74, block_source()) takes its descriptor off the poll around each dispatch, and wakes itself for
    // that twice: one more turn of the loop for nothing, while somebody waits for a reply.
    g_source_set_can_recurse(base, TRUE);
    g_source_attach(base, nullptr);
}

BusSource::~BusSource() {
    g_source_destroy(&source_->base);
    g_source_unref(&source_->base);
}

bool BusSource::due() const {
    std::uint64_t when = 0;
    return sd_bus_get_timeout(bus_, &when) > 0 && when <= static_cast<std::uint64_t>(g_get_monotonic_time());
}

gboolean BusSource::prepare(GSource* base, gint* timeout) noexcept {
    auto* source = reinterpret_cast<Source*>(base);
    sd_bus* bus = source->owner->bus_;
    *timeout = -1;

    const int fd = sd_bus_get_fd(bus);
    const int events = sd_bus_get_events(bus);
    if (fd < 0 || events < 0)
        return TRUE; // closed: dispatch finds out why

    // While connecting, the descriptor changes from one address to the next.
    if (fd != source->fd) {
        if (source->tag)
            g_source_remove_unix_fd(base, source->tag);
        source->tag = g_source_add_unix_fd(base, fd, conditionOf(events));
        source->fd = fd;
    } else if (conditionOf(events) != source->condition) {
        g_source_modify_unix_fd(base, source->tag, conditionOf(events));
    }
    // Only a real change: every modification wakes the context up, and from here that would be for ever.
    source->condition = conditionOf(events);

    std::uint64_t when = 0;
    if (sd_bus_get_timeout(bus, &when) > 0 && when != UINT64_MAX) {
        const auto now = static_cast<std::uint64_t>(g_get_monotonic_time());
        if (when <= now)
            return TRUE;
        *timeout = static_cast<gint>(std::min<std::uint64_t>((when - now + 999) / 1000, INT_MAX));
    }
    return FALSE;
}

gboolean BusSource::check(GSource* base) noexcept {
    auto* source = reinterpret_cast<Source*>(base);
    return (source->tag && g_source_query_unix_fd(base, source->tag) != 0) || source->owner->due();
}

gboolean BusSource::dispatch(GSource* base, GSourceFunc, gpointer) noexcept {
    auto* source = reinterpret_cast<Source*>(base);
    BusSource* self = source->owner;
    int processed = 1;
    const gint64 until = g_get_monotonic_time() + longestTurn;
    for (int count = 0; count < longestBatch && processed > 0; ++count) {
        processed = sd_bus_process(self->bus_, nullptr);
        if (g_get_monotonic_time() > until)
            break;
    }
    std::uint64_t unsent = 0;
    const bool stuck = sd_bus_get_n_queued_write(self->bus_, &unsent) >= 0 && unsent > mostUnsent;
    if (processed >= 0 && !stuck && sd_bus_is_open(self->bus_) > 0)
        return G_SOURCE_CONTINUE;

    // Our own callbacks never fail, so an error on an open connection means that its stream is of no more
    // use.
    sd_bus_close(self->bus_);
    // What is called may destroy self: nothing of it is touched from here on.
    if (const auto lost = std::move(self->onLost_))
        lost();
    return G_SOURCE_REMOVE;
}

} // namespace micguard
