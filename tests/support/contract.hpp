// SPDX-License-Identifier: GPL-3.0-or-later
// What an object says of itself on D-Bus, beside protocol/org.micguard.MicGuard1.xml: both as lines that can be compared. GIO
// alone reads them, which is nothing of the daemon's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gio/gio.h>

namespace micguard::test {

struct NodeUnref {
    void operator()(GDBusNodeInfo* node) const { g_dbus_node_info_unref(node); }
};
using Introspected = std::unique_ptr<GDBusNodeInfo, NodeUnref>;

// Throws std::runtime_error with GIO's reason if it is no introspection data.
Introspected introspected(const std::string& xml);

// One line per member of the interface: kind, name, types and names of arguments, access, and the annotations that bind a caller.
// Empty if there is no such interface.
std::vector<std::string> membersOf(const GDBusNodeInfo& object, const std::string& interface);

// The same of the contract, without what is planned and not built.
std::vector<std::string> agreedMembers(const std::string& interface);

// As busctl's table has them: name, kind, types in, types out ("-" where there are none), and of properties whether changes are told.
std::vector<std::string> agreedTable(const std::string& interface);

// Names of the nodes right below, sorted.
std::vector<std::string> childrenOf(const GDBusNodeInfo& object);

} // namespace micguard::test
