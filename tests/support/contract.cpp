// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/contract.hpp"

#include "protocol/contract_xml.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace micguard::test {
namespace {

bool isPlanned(GDBusAnnotationInfo** annotations) {
    const char* status = g_dbus_annotation_info_lookup(annotations, "org.micguard.Status");
    return status && std::string_view(status) == "planned";
}

std::string arguments(GDBusArgInfo** list) {
    std::string text;
    for (; list && *list; ++list)
        text += std::string(" ") + (*list)->signature + ":" + ((*list)->name ? (*list)->name : "");
    return text;
}

std::string binding(GDBusAnnotationInfo** annotations) {
    std::string text;
    for (; annotations && *annotations; ++annotations)
        if (!std::string_view((*annotations)->key).starts_with("org.micguard."))
            text += std::string(" @") + (*annotations)->key + "=" + (*annotations)->value;
    return text;
}

std::string types(GDBusArgInfo** list) {
    std::string text;
    for (; list && *list; ++list)
        text += (*list)->signature;
    return text.empty() ? "-" : text;
}

std::string access(GDBusPropertyInfoFlags flags) {
    return std::string(flags & G_DBUS_PROPERTY_INFO_FLAGS_READABLE ? "read" : "") +
           (flags & G_DBUS_PROPERTY_INFO_FLAGS_WRITABLE ? "write" : "");
}

// `line` makes one of a method, a signal or a property.
template <typename Line>
std::vector<std::string> builtMembers(const GDBusInterfaceInfo& interface, Line line) {
    std::vector<std::string> lines;
    const auto all = [&](auto** member) {
        for (; member && *member; ++member)
            if (!isPlanned((*member)->annotations))
                lines.push_back(line(**member));
    };
    all(interface.methods);
    all(interface.signals);
    all(interface.properties);
    std::sort(lines.begin(), lines.end());
    return lines;
}

struct Whole {
    std::string operator()(const GDBusMethodInfo& method) const {
        return std::string("method ") + method.name + arguments(method.in_args) + " ->" +
               arguments(method.out_args) + binding(method.annotations);
    }
    std::string operator()(const GDBusSignalInfo& signal) const {
        return std::string("signal ") + signal.name + arguments(signal.args) + binding(signal.annotations);
    }
    std::string operator()(const GDBusPropertyInfo& property) const {
        return std::string("property ") + property.name + " " + property.signature + " " +
               access(property.flags) + binding(property.annotations);
    }
};

struct Row {
    std::string operator()(const GDBusMethodInfo& method) const {
        return std::string(".") + method.name + " method " + types(method.in_args) + " " +
               types(method.out_args);
    }
    std::string operator()(const GDBusSignalInfo& signal) const {
        return std::string(".") + signal.name + " signal " + types(signal.args) + " -";
    }
    std::string operator()(const GDBusPropertyInfo& property) const {
        return std::string(".") + property.name + " property " + property.signature + " emits-change";
    }
};

template <typename Line>
std::vector<std::string> agreed(const std::string& interface, Line line) {
    const Introspected contract = introspected(contractXml);
    const GDBusInterfaceInfo* found = g_dbus_node_info_lookup_interface(contract.get(), interface.c_str());
    for (auto** node = contract->nodes; !found && node && *node; ++node)
        found = g_dbus_node_info_lookup_interface(*node, interface.c_str());
    if (!found)
        throw std::runtime_error("the contract has no interface " + interface);
    return builtMembers(*found, line);
}

} // namespace

Introspected introspected(const std::string& xml) {
    GError* error = nullptr;
    Introspected node(g_dbus_node_info_new_for_xml(xml.c_str(), &error));
    if (node)
        return node;
    const std::string why = error ? error->message : "no reason given";
    g_clear_error(&error);
    throw std::runtime_error("no introspection data (" + why + "): " + xml);
}

std::vector<std::string> membersOf(const GDBusNodeInfo& object, const std::string& interface) {
    const GDBusInterfaceInfo* found =
        g_dbus_node_info_lookup_interface(const_cast<GDBusNodeInfo*>(&object), interface.c_str());
    return found ? builtMembers(*found, Whole{}) : std::vector<std::string>{};
}

std::vector<std::string> agreedMembers(const std::string& interface) {
    return agreed(interface, Whole{});
}

std::vector<std::string> agreedTable(const std::string& interface) {
    return agreed(interface, Row{});
}

std::vector<std::string> childrenOf(const GDBusNodeInfo& object) {
    std::vector<std::string> names;
    for (auto** child = object.nodes; child && *child; ++child)
        names.emplace_back((*child)->path);
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace micguard::test
