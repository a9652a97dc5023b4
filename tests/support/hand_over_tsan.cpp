// SPDX-License-Identifier: GPL-3.0-or-later
//
// For builds under TSan alone, in the place of GLib's functions of the same names. GLib is not compiled for
// TSan, so that the lock under which one thread hands an idle call to the main context is not seen, and all
// that is handed over passes for a race. Here it goes under a lock that is: g_idle_add() before the call
// itself and before its end, and nothing else. So nothing has to be suppressed by name, and what a thread
// touches after it has handed over is still found.
#include <iterator>
#include <map>
#include <mutex>

#include <glib.h>

namespace {

struct Call {
    GSourceFunc function;
    gpointer data;
    GDestroyNotify ended;
};

std::mutex mutex;
// By its data, as g_idle_remove_by_data() asks for it. Never destroyed: threads that were left behind outlive
// main().
std::multimap<gpointer, std::pair<const Call*, guint>>& waiting =
    *new std::multimap<gpointer, std::pair<const Call*, guint>>;

gboolean run(gpointer data) {
    mutex.lock();
    mutex.unlock();
    const auto* call = static_cast<const Call*>(data);
    return call->function(call->data);
}

void end(gpointer data) {
    auto* call = static_cast<Call*>(data);
    {
        const std::lock_guard lock(mutex);
        auto [one, last] = waiting.equal_range(call->data);
        while (one != last)
            one = one->second.first == call ? waiting.erase(one) : std::next(one);
    }
    if (call->ended)
        call->ended(call->data);
    delete call;
}

// Made by the first who asks for it, under GLib's lock as well; so before there is a thread.
[[maybe_unused]] const GMainContext* const made = g_main_context_default();

} // namespace

extern "C" {

guint g_idle_add_full(gint priority, GSourceFunc function, gpointer data, GDestroyNotify ended) {
    auto* call = new Call{function, data, ended};
    GSource* source = g_idle_source_new();
    g_source_set_priority(source, priority);
    g_source_set_callback(source, run, call, end);
    const std::lock_guard lock(mutex);
    const guint id = g_source_attach(source, nullptr);
    waiting.emplace(data, std::pair<const Call*, guint>(call, id));
    g_source_unref(source);
    return id;
}

guint g_idle_add(GSourceFunc function, gpointer data) {
    return g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, function, data, nullptr);
}

gboolean g_idle_remove_by_data(gpointer data) {
    guint id = 0;
    {
        const std::lock_guard lock(mutex);
        if (const auto one = waiting.find(data); one != waiting.end())
            id = one->second.second;
    }
    return id != 0 && g_source_remove(id);
}
}
