// SPDX-License-Identifier: GPL-3.0-or-later
//
// The contract's text on its own: it parses, is valid, and the names made from it are the ones in it.
#include "protocol/contract_xml.hpp"
#include "protocol/names.hpp"

#include <memory>
#include <string>
#include <string_view>

#include <gio/gio.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

struct Contract {
    std::unique_ptr<GDBusNodeInfo, decltype(&g_dbus_node_info_unref)> root{
        g_dbus_node_info_new_for_xml(contractXml, nullptr), g_dbus_node_info_unref};

    GDBusInterfaceInfo* interface(const char* name) const {
        if (auto* found = g_dbus_node_info_lookup_interface(root.get(), name))
            return found;
        for (auto** node = root->nodes; node && *node; ++node)
            if (auto* found = g_dbus_node_info_lookup_interface(*node, name))
                return found;
        return nullptr;
    }
};

} // namespace

TEST_CASE("the contract parses and has its four interfaces where they belong", "[protocol]") {
    const Contract contract;
    REQUIRE(contract.root);
    CHECK(std::string_view(contract.root->path) == names::rootPath);
    for (const char* name : {names::guard::interface, names::application::interface, names::stream::interface,
                             names::source::interface}) {
        INFO(name);
        CHECK(g_dbus_is_interface_name(name));
        CHECK(contract.interface(name));
    }
    CHECK(g_dbus_is_name(names::busName));
    for (const char* folder : {names::application::folder, names::stream::folder, names::source::folder}) {
        CHECK(g_variant_is_object_path(folder));
        CHECK(std::string_view(folder).starts_with(names::rootPath));
    }
}

TEST_CASE("every type in the contract is a D-Bus type and every argument has a name", "[protocol]") {
    const Contract contract;
    REQUIRE(contract.root);
    int arguments = 0;
    const auto check = [&](GDBusArgInfo** list) {
        for (; list && *list; ++list, ++arguments) {
            CHECK(g_variant_type_string_is_valid((*list)->signature));
            CHECK(((*list)->name && *(*list)->name));
        }
    };
    for (const char* name : {names::guard::interface, names::application::interface, names::stream::interface,
                             names::source::interface}) {
        const GDBusInterfaceInfo* interface = contract.interface(name);
        REQUIRE(interface);
        for (auto** method = interface->methods; method && *method; ++method) {
            check((*method)->in_args);
            check((*method)->out_args);
        }
        for (auto** signal = interface->signals; signal && *signal; ++signal)
            check((*signal)->args);
        for (auto** property = interface->properties; property && *property; ++property) {
            CHECK(g_variant_type_string_is_valid((*property)->signature));
            CHECK((*property)->flags == G_DBUS_PROPERTY_INFO_FLAGS_READABLE);
        }
    }
    CHECK(arguments > 30);
}

TEST_CASE("errors make valid names", "[protocol]") {
    for (const char* error :
         {names::error::notGuaranteed, names::error::accessDenied, names::error::noSuchObject,
          names::error::invalidArgument, names::error::invalidConfig, names::error::sessionLocked,
          names::error::limitExceeded, names::error::unavailable})
        CHECK(g_dbus_is_interface_name((std::string(names::error::prefix) + error).c_str()));
}
