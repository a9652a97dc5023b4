// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/bypass/bypass_watch.hpp"

#include <array>
#include <memory>
#include <utility>

#include <glib-unix.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace micguard {
namespace {

// Who closes a device is told of before it is closed (fs/file_table.c, __fput()), and a driver may take its
// time. So what is seen is looked at again after these waits, and then no more.
constexpr std::array<guint, 3> laterMs{100, 300, 500};
// However often there is reason to look.
constexpr guint betweenMs = 100;

} // namespace

BypassWatch::BypassWatch(Told told, BypassPlaces places)
    : told_(std::move(told))
    , places_(std::move(places))
    , devices_(places_.devices, [this] { noticed(); })
    , lookedAfter_(laterMs.size()) {}

BypassWatch::~BypassWatch() {
    errand_.leave();
    if (timer_)
        g_source_remove(timer_);
    for (const guint end : ends_)
        if (end)
            g_source_remove(end);
}

std::string BypassWatch::start() {
    std::string fault = devices_.start();
    look();
    return fault;
}

void BypassWatch::look() {
    everyProcess_ = true;
    lookSoon();
}

void BypassWatch::setSandboxed(std::set<std::uint32_t> pids) {
    if (pids == sandboxed_)
        return;
    sandboxed_ = std::move(pids);
    lookSoon();
}

void BypassWatch::noticed() {
    lookedAfter_ = 0;
    lookSoon();
}

void BypassWatch::lookSoon() {
    if (errand_.underWay()) {
        again_ = true;
        return;
    }
    if (timer_)
        g_source_remove(std::exchange(timer_, 0));
    const gint64 rested = (g_get_monotonic_time() - began_) / 1000;
    if (began_ != 0 && rested < betweenMs)
        return wait(betweenMs - static_cast<guint>(rested));
    begin();
}

void BypassWatch::begin() {
    looks_++;
    began_ = g_get_monotonic_time();
    BypassQuestion question{sandboxed_, std::exchange(everyProcess_, false)};
    for (const auto& sandbox : found_.sandboxes)
        question.sandboxed.insert(sandbox.pid);
    const auto found = std::make_shared<Bypasses>();
    const auto work = [places = places_, question = std::move(question), found] {
        // The guard's own priority is for the guard: whoever waits for a mute goes before who looks for
        // others.
        setpriority(PRIO_PROCESS, 0, 0);
        *found = lookForBypasses(places, question);
    };
    if (!errand_.begin(work, [this, found] { finish(std::move(*found)); }))
        wait(laterMs.back()); // until there is a thread to be had
}

void BypassWatch::finish(Bypasses found) {
    const bool changed = found != found_;
    found_ = std::move(found);
    if (changed) {
        watchEnds();
        told_(found_);
    }
    if (std::exchange(again_, false))
        wait(betweenMs);
    else if (lookedAfter_ < laterMs.size())
        wait(laterMs[lookedAfter_++]);
}

void BypassWatch::wait(guint milliseconds) {
    if (timer_ || errand_.underWay())
        return;
    timer_ = g_timeout_add(
        milliseconds,
        [](gpointer self) -> gboolean {
            static_cast<BypassWatch*>(self)->timer_ = 0;
            static_cast<BypassWatch*>(self)->begin();
            return G_SOURCE_REMOVE;
        },
        this);
}

// A sandbox that ends closes nothing that we watch.
void BypassWatch::watchEnds() {
    for (const guint end : std::exchange(ends_, {}))
        if (end)
            g_source_remove(end);
    for (const auto& sandbox : found_.sandboxes) {
        const auto descriptor = static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(sandbox.pid), 0));
        if (descriptor < 0)
            continue;
        GSource* source = g_unix_fd_source_new(descriptor, G_IO_IN);
        struct End {
            BypassWatch* watch;
            std::size_t number;
            int descriptor;
        };
        const GUnixFDSourceFunc ended = [](gint, GIOCondition, gpointer data) -> gboolean {
            const auto* end = static_cast<End*>(data);
            end->watch->ends_[end->number] = 0;
            end->watch->look(); // another process of it may still be there
            return G_SOURCE_REMOVE;
        };
        g_source_set_callback(source, G_SOURCE_FUNC(ended), new End{this, ends_.size(), descriptor},
                              [](gpointer data) {
                                  const std::unique_ptr<End> end(static_cast<End*>(data));
                                  close(end->descriptor);
                              });
        ends_.push_back(g_source_attach(source, nullptr));
        g_source_unref(source);
    }
}

} // namespace micguard
