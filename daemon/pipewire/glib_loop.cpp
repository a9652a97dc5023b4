// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pipewire/glib_loop.hpp"

#include <glib.h>
#include <pipewire/pipewire.h>

#include <stdexcept>
#include <utility>

namespace micguard {
namespace {

struct LoopSource {
    GSource base;
    pw_loop* loop;
    const std::function<bool(bool)>* readOut;
};

gboolean dispatch(GSource* source, GSourceFunc, gpointer) noexcept {
    auto* self = reinterpret_cast<LoopSource*>(source);
    // Entering makes this thread the one that loop invocations run in directly (pipewire/loop.h).
    pw_loop_enter(self->loop);
    // What the handlers queued is written when the connection's descriptor comes round as writable: at once, not
    // after everybody else on this context has had a turn. A silence for a new microphone is in a race.
    int result = 0;
    for (int round = 0; round < 4; round++) {
        result = pw_loop_iterate(self->loop, 0);
        if (result < 0)
            break;
        const bool said = (*self->readOut)(result == 0);
        if (result == 0 && !said)
            break;
    }
    pw_loop_leave(self->loop);
    if (result < 0 && result != -EINTR)
        g_warning("pw_loop_iterate: %s", g_strerror(-result));
    return G_SOURCE_CONTINUE;
}

GSourceFuncs functions = {nullptr, nullptr, dispatch, nullptr, nullptr, nullptr};

} // namespace

GlibLoop::GlibLoop(std::function<bool(bool nothingLeft)> readOut)
    : readOut_(std::move(readOut))
    , loop_(pw_loop_new(nullptr)) {
    if (!loop_)
        throw std::runtime_error("PipeWire gave no event loop");
    source_ = g_source_new(&functions, sizeof(LoopSource));
    reinterpret_cast<LoopSource*>(source_)->loop = loop_;
    reinterpret_cast<LoopSource*>(source_)->readOut = &readOut_;
    // Ahead of timers and D-Bus: what the server tells decides what they may answer.
    g_source_set_priority(source_, G_PRIORITY_DEFAULT);
    g_source_add_unix_fd(source_, pw_loop_get_fd(loop_),
                         static_cast<GIOCondition>(G_IO_IN | G_IO_ERR | G_IO_HUP));
    g_source_set_static_name(source_, "pipewire");
    // As in bus/event_source: no turn for nothing.
    g_source_set_can_recurse(source_, TRUE);
    g_source_attach(source_, nullptr);
}

GlibLoop::~GlibLoop() {
    g_source_destroy(source_);
    g_source_unref(source_);
    pw_loop_destroy(loop_);
}

} // namespace micguard
