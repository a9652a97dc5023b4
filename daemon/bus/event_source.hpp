// SPDX-License-Identifier: GPL-3.0-or-later
//
// An sd_bus as a GSource of GLib's default main context.
#pragma once

#include <functional>

#include <glib.h>

struct sd_bus;

namespace micguard {

// Attached from construction to destruction. The bus must outlive it. `onLost` is called once, from the main
// context, after the connection is gone; it may destroy the BusSource.
class BusSource {
  public:
    BusSource(sd_bus* bus, std::function<void()> onLost);
    ~BusSource();
    BusSource(const BusSource&) = delete;
    BusSource& operator=(const BusSource&) = delete;

  private:
    struct Source; // GLib owns the memory

    static gboolean prepare(GSource* source, gint* timeout) noexcept;
    static gboolean check(GSource* source) noexcept;
    static gboolean dispatch(GSource* source, GSourceFunc, gpointer) noexcept;
    bool due() const;

    sd_bus* bus_;
    std::function<void()> onLost_;
    Source* source_;
    static GSourceFuncs functions_;
};

} // namespace micguard
