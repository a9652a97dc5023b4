// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/permitted.hpp"

#include "config/glob.hpp"
#include "daemon/model/path.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace micguard {

std::string nameOf(const Caller& caller) {
    const std::string program(caller.executable.empty() ? "unknown program" : baseName(caller.executable));
    return fmt::format("{} (pid {})", caller.sandboxId.empty() ? program : caller.sandboxId, caller.pid);
}

std::string idOf(const Caller& caller) {
    if (!caller.sandboxId.empty())
        return caller.sandboxId;
    return caller.executable.empty() ? "unknown program" : caller.executable;
}

Result<void> controlledBy(const Caller& caller, const char* what) {
    if (!caller.sandbox.empty())
        return tl::unexpected(
            RequestError{"AccessDenied", fmt::format("{}: a sandboxed application ({}) cannot {}",
                                                     nameOf(caller), caller.sandbox, what)});
    if (caller.uidKnown && caller.uid != getuid() && caller.uid != 0)
        return tl::unexpected(
            RequestError{"AccessDenied", fmt::format("another user's process cannot {}", what)});
    return {};
}

Result<void> loosenedBy(const Caller& caller, const Settings::Bus& bus, const ProcessFacts& process,
                        const char* what) {
    if (!bus.trustedOnly)
        return {};
    // Only a file that is what its name says, in our own view of the file system. Of a unit there is the user
    // manager's word.
    const bool program = process.executableTrue && anyGlobMatches(bus.trusted, process.executable);
    const bool unit = process.unit.ends_with(".service") && anyGlobMatches(bus.trusted, process.unit);
    if (process.sandbox.empty() && (program || unit))
        return {};
    return tl::unexpected(RequestError{
        "AccessDenied", fmt::format("{}: only what [bus] trusted lists can {}", nameOf(caller), what)});
}

} // namespace micguard
