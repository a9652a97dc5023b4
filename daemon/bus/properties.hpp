// SPDX-License-Identifier: GPL-3.0-or-later
//
// The properties of the contract's four interfaces as tables: name, type, how to read one from a view and
// whether two views differ in it. Vtables and PropertiesChanged are both made from these, so they cannot come
// apart.
#pragma once

#include "daemon/model/view.hpp"

#include <array>
#include <string>
#include <vector>

#include <systemd/sd-bus.h>

namespace micguard {

// "/org/micguard/MicGuard1/apps/7"; "/" for key 0.
std::string objectPath(const char* folder, std::uint64_t key);
// 0 if it is no path of this folder.
std::uint64_t keyOfPath(const char* folder, const char* path);

template <typename Owner>
struct Property {
    const char* name;
    const char* signature;
    sd_bus_property_get_t get; // its userdata is a const Owner*
    bool (*same)(const Owner&, const Owner&);
};

template <typename Owner>
struct PropertyTable {
    const Property<Owner>* first;
    std::size_t count;
    const Property<Owner>* begin() const { return first; }
    const Property<Owner>* end() const { return first + count; }
};

template <typename Owner>
PropertyTable<Owner> properties();
template <>
PropertyTable<GuardView> properties();
template <>
PropertyTable<ApplicationView> properties();
template <>
PropertyTable<StreamView> properties();
template <>
PropertyTable<SourceView> properties();

// The names of what differs, ended by a null pointer as sd-bus likes it. Only the null: nothing differs.
template <typename Owner>
std::vector<char*> changedProperties(const Owner& before, const Owner& after) {
    std::vector<char*> names;
    for (const auto& property : properties<Owner>())
        if (!property.same(before, after))
            names.push_back(const_cast<char*>(property.name)); // sd-bus takes char**, and only reads
    names.push_back(nullptr);
    return names;
}

template <typename Owner>
void appendProperties(std::vector<sd_bus_vtable>& vtable) {
    for (const auto& property : properties<Owner>()) {
        const sd_bus_vtable entry = SD_BUS_PROPERTY(property.name, property.signature, property.get, 0,
                                                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE);
        vtable.push_back(entry);
    }
}

} // namespace micguard
