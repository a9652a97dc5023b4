// SPDX-License-Identifier: GPL-3.0-or-later
//
// The objects on the bus: the guard, and the applications, streams and sources of the View shown last.
#pragma once

#include "daemon/bus/handles.hpp"
#include "daemon/model/view.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace micguard {

class GuardMethods;

// What the vtable of the guard's interface works on: methods get it as it is, properties take it for its
// first member.
struct GuardObject {
    GuardView view;
    GuardMethods* methods;
};

// Views of one kind, sorted by key; each key once.
template <typename T>
class ObjectList {
  public:
    ObjectList() = default;
    explicit ObjectList(std::vector<T> views)
        : views_(std::move(views)) {
        std::stable_sort(views_.begin(), views_.end(), [](const T& a, const T& b) { return a.key < b.key; });
        views_.erase(
            std::unique(views_.begin(), views_.end(), [](const T& a, const T& b) { return a.key == b.key; }),
            views_.end());
    }
    const T* find(std::uint64_t key) const {
        const auto found =
            std::lower_bound(views_.begin(), views_.end(), key,
                             [](const T& view, std::uint64_t wanted) { return view.key < wanted; });
        return found != views_.end() && found->key == key ? &*found : nullptr;
    }
    auto begin() const { return views_.begin(); }
    auto end() const { return views_.end(); }
    std::size_t size() const { return views_.size(); }

  private:
    std::vector<T> views_;
};

// Main context only. sd-bus keeps its address: neither copied nor moved. The bus and `methods` must outlive
// it.
class Objects {
  public:
    Objects(sd_bus* bus, GuardMethods& methods)
        : bus_(bus)
        , guard_{{}, &methods} {}
    Objects(const Objects&) = delete;
    Objects& operator=(const Objects&) = delete;

    // Puts the objects on the bus. Negative errno.
    int attach();

    // Shows a view from now on and emits what is different, in the order that the contract promises.
    void publish(const View& view);

    void blocked(std::uint64_t applicationKey, const std::string& reason);
    void asked(std::uint64_t applicationKey);

    GuardMethods& methods() { return *guard_.methods; }

  private:
    using Captures = std::set<std::pair<std::uint64_t, std::uint64_t>>; // application, source

    template <typename T>
    const ObjectList<T>& list() const;
    template <typename T>
    int attachKind();
    template <typename T>
    static int find(sd_bus*, const char* path, const char*, void* userdata, void** found,
                    sd_bus_error*) noexcept;
    template <typename T>
    static int enumerate(sd_bus*, const char*, void* userdata, char*** paths, sd_bus_error*) noexcept;

    template <typename T>
    void announceNew(const ObjectList<T>& before) const;
    template <typename T>
    void announceChanged(const ObjectList<T>& before) const;
    template <typename T>
    void announceGone(const ObjectList<T>& after) const;
    void emitCaptures(const char* signal, const Captures& pairs, const Captures& without) const;

    sd_bus* bus_;
    GuardObject guard_;
    ObjectList<ApplicationView> applications_;
    ObjectList<StreamView> streams_;
    ObjectList<SourceView> sources_;
    Captures captures_;
    std::vector<Slot> slots_;
};

} // namespace micguard
