// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/permitted.hpp"

#include "daemon/model/path.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace micguard {

std::string nameOf(const Caller& caller) {
    const std::string program(caller.executable.empty() ? "unknown program" : baseName(caller.executable));
    return fmt::format("{} (pid {})", caller.sandboxId.empty() ? program : caller.sandboxId, caller.pid);
}

Result<void> mayControl(const Caller& caller, const char* what) {
    if (!caller.sandbox.empty())
        return tl::unexpected(
            RequestError{"AccessDenied", fmt::format("{}: a sandboxed application ({}) cannot {}",
                                                     nameOf(caller), caller.sandbox, what)});
    if (caller.uidKnown && caller.uid != getuid() && caller.uid != 0)
        return tl::unexpected(
            RequestError{"AccessDenied", fmt::format("another user's process cannot {}", what)});
    return {};
}

} // namespace micguard
