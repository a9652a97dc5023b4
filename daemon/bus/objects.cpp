// SPDX-License-Identifier: GPL-3.0-or-later
//
// Applications, streams and sources are not registered one by one: sd-bus asks for them by path. What it
// emits about an object it reads through the same question, so the lists have to hold new and gone objects
// alike while signals are sent.
#include "daemon/bus/objects.hpp"

#include "daemon/bus/application_methods.hpp"
#include "daemon/bus/guard_methods.hpp"
#include "daemon/bus/properties.hpp"
#include "daemon/bus/text.hpp"
#include "protocol/names.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace micguard {

// A pointer to it is a pointer to its view: Property<GuardView>::get relies on that.
static_assert(std::is_standard_layout_v<GuardObject>);

namespace {

template <typename T>
struct Place; // where objects of one kind are
template <>
struct Place<ApplicationView> {
    static constexpr const char* folder = names::application::folder;
    static constexpr const char* interface = names::application::interface;
};
template <>
struct Place<StreamView> {
    static constexpr const char* folder = names::stream::folder;
    static constexpr const char* interface = names::stream::interface;
};
template <>
struct Place<SourceView> {
    static constexpr const char* folder = names::source::folder;
    static constexpr const char* interface = names::source::interface;
};

// Vtables are read by sd-bus as long as they are registered, so they live as long as the process. The methods
// are already in `middle`.
template <typename T>
std::vector<sd_bus_vtable> makeVtable(const std::vector<sd_bus_vtable>& middle) {
    const sd_bus_vtable start = SD_BUS_VTABLE_START(0);
    const sd_bus_vtable end = SD_BUS_VTABLE_END;
    std::vector<sd_bus_vtable> vtable{start};
    appendProperties<T>(vtable);
    vtable.insert(vtable.end(), middle.begin(), middle.end());
    vtable.push_back(end);
    return vtable;
}

template <typename T>
const sd_bus_vtable* vtableOf() {
    static const std::vector<sd_bus_vtable> vtable = makeVtable<T>({});
    return vtable.data();
}
template <>
const sd_bus_vtable* vtableOf<ApplicationView>() {
    static const std::vector<sd_bus_vtable> vtable = makeVtable<ApplicationView>(applicationMethods());
    return vtable.data();
}
template <>
const sd_bus_vtable* vtableOf<GuardView>() {
    static const std::vector<sd_bus_vtable> vtable = makeVtable<GuardView>(GuardMethods::vtable());
    return vtable.data();
}

// Everything of `after`, and what of `before` is gone.
template <typename T>
ObjectList<T> both(const ObjectList<T>& before, const ObjectList<T>& after) {
    std::vector<T> all(after.begin(), after.end());
    for (const T& view : before)
        if (!after.find(view.key))
            all.push_back(view);
    return ObjectList<T>(std::move(all));
}

bool captures(const StreamView& stream) {
    return !stream.levelMeter && stream.source != 0 &&
           (stream.state == "capturing" || stream.state == "silenced");
}

} // namespace

template <>
const ObjectList<ApplicationView>& Objects::list() const {
    return applications_;
}
template <>
const ObjectList<StreamView>& Objects::list() const {
    return streams_;
}
template <>
const ObjectList<SourceView>& Objects::list() const {
    return sources_;
}

template <typename T>
int Objects::find(sd_bus*, const char* path, const char*, void* userdata, void** found,
                  sd_bus_error*) noexcept {
    const T* view = static_cast<const Objects*>(userdata)->list<T>().find(keyOfPath(Place<T>::folder, path));
    if (!view)
        return 0;
    *found = const_cast<T*>(view); // only ever read
    return 1;
}

template <typename T>
int Objects::enumerate(sd_bus*, const char*, void* userdata, char*** paths, sd_bus_error*) noexcept {
    // sd-bus frees the array and each string.
    const auto& views = static_cast<const Objects*>(userdata)->list<T>();
    auto** array = static_cast<char**>(std::calloc(views.size() + 1, sizeof(char*)));
    std::size_t count = 0;
    bool whole = array != nullptr;
    for (auto view = views.begin(); whole && view != views.end(); ++view) {
        array[count] = strdup(objectPath(Place<T>::folder, view->key).c_str());
        whole = array[count++] != nullptr;
    }
    if (whole) {
        *paths = array;
        return 0;
    }
    for (std::size_t index = 0; array && index < count; ++index)
        std::free(array[index]);
    std::free(array);
    return -ENOMEM;
}

template <typename T>
int Objects::attachKind() {
    sd_bus_slot* slot = nullptr;
    int result = sd_bus_add_fallback_vtable(bus_, &slot, Place<T>::folder, Place<T>::interface, vtableOf<T>(),
                                            find<T>, this);
    if (result < 0)
        return result;
    slots_.emplace_back(slot);
    result = sd_bus_add_node_enumerator(bus_, &slot, Place<T>::folder, enumerate<T>, this);
    if (result >= 0)
        slots_.emplace_back(slot);
    return result;
}

int Objects::attach() {
    sd_bus_slot* slot = nullptr;
    int result = sd_bus_add_object_manager(bus_, &slot, names::rootPath);
    if (result < 0)
        return result;
    slots_.emplace_back(slot);
    result = sd_bus_add_object_vtable(bus_, &slot, names::rootPath, names::guard::interface,
                                      vtableOf<GuardView>(), &guard_);
    if (result < 0)
        return result;
    slots_.emplace_back(slot);
    for (const auto attach : {&Objects::attachKind<ApplicationView>, &Objects::attachKind<StreamView>,
                              &Objects::attachKind<SourceView>})
        if ((result = (this->*attach)()) < 0)
            return result;
    return 0;
}

// Signals that cannot be sent are lost with the connection, which is noticed elsewhere.

template <typename T>
void Objects::announceNew(const ObjectList<T>& before) const {
    for (const T& view : list<T>())
        if (!before.find(view.key))
            sd_bus_emit_object_added(bus_, objectPath(Place<T>::folder, view.key).c_str());
}

template <typename T>
void Objects::announceChanged(const ObjectList<T>& before) const {
    for (const T& view : list<T>()) {
        const T* former = before.find(view.key);
        if (!former)
            continue;
        auto changed = changedProperties(*former, view);
        if (changed.front())
            sd_bus_emit_properties_changed_strv(bus_, objectPath(Place<T>::folder, view.key).c_str(),
                                                Place<T>::interface, changed.data());
    }
}

template <typename T>
void Objects::announceGone(const ObjectList<T>& after) const {
    for (const T& view : list<T>())
        if (!after.find(view.key))
            sd_bus_emit_object_removed(bus_, objectPath(Place<T>::folder, view.key).c_str());
}

void Objects::emitCaptures(const char* signal, const Captures& pairs, const Captures& without) const {
    for (const auto& pair : pairs)
        if (!without.contains(pair))
            sd_bus_emit_signal(bus_, names::rootPath, names::guard::interface, signal, "oo",
                               objectPath(names::application::folder, pair.first).c_str(),
                               objectPath(names::source::folder, pair.second).c_str());
}

void Objects::publish(const View& view) {
    const ObjectList<ApplicationView> newApplications(view.applications), oldApplications = applications_;
    const ObjectList<StreamView> newStreams(view.streams), oldStreams = streams_;
    const ObjectList<SourceView> newSources(view.sources), oldSources = sources_;
    const GuardView oldGuard = std::exchange(guard_.view, view.guard);

    Captures newCaptures;
    for (const StreamView& stream : newStreams)
        if (captures(stream))
            newCaptures.emplace(stream.application, stream.source);
    const Captures oldCaptures = std::exchange(captures_, newCaptures);

    applications_ = both(oldApplications, newApplications);
    streams_ = both(oldStreams, newStreams);
    sources_ = both(oldSources, newSources);

    announceNew(oldSources);
    announceNew(oldApplications);
    announceNew(oldStreams);

    announceChanged(oldSources);
    announceChanged(oldStreams);
    announceChanged(oldApplications);
    auto changed = changedProperties(oldGuard, guard_.view);
    if (changed.front())
        sd_bus_emit_properties_changed_strv(bus_, names::rootPath, names::guard::interface, changed.data());

    emitCaptures(names::guard::signal::captureStopped, oldCaptures, newCaptures);
    emitCaptures(names::guard::signal::captureStarted, newCaptures, oldCaptures);

    announceGone(newStreams);
    announceGone(newApplications);
    announceGone(newSources);

    applications_ = newApplications;
    streams_ = newStreams;
    sources_ = newSources;
}

void Objects::blocked(std::uint64_t applicationKey, const std::string& reason) {
    sd_bus_emit_signal(bus_, names::rootPath, names::guard::interface, names::guard::signal::blocked, "os",
                       objectPath(names::application::folder, applicationKey).c_str(),
                       busText(reason).c_str());
}

void Objects::asked(std::uint64_t applicationKey) {
    sd_bus_emit_signal(bus_, names::rootPath, names::guard::interface, names::guard::signal::asked, "o",
                       objectPath(names::application::folder, applicationKey).c_str());
}

} // namespace micguard
