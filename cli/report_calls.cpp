// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/report_calls.hpp"

#include "cli/dbus_value.hpp"
#include "protocol/names.hpp"

#include <nlohmann/json.hpp>
#include <systemd/sd-bus.h>

namespace micguard::cli {

Answer<ExposureReport> askReport(const Guard& guard, std::uint64_t since, std::uint64_t until,
                                 const std::optional<std::string>& app) {
    auto call = guardCall(guard.bus(), names::guard::method::report, Start::Never);
    if (!call)
        return tl::unexpected(call.error());
    int r = sd_bus_message_open_container(call->get(), SD_BUS_TYPE_ARRAY, "{sv}");
    if (r >= 0)
        r = sd_bus_message_append(call->get(), "{sv}{sv}", "since", "t", since, "until", "t", until);
    if (r >= 0 && app)
        r = sd_bus_message_append(call->get(), "{sv}", "app", "s", app->c_str());
    if (r >= 0)
        r = sd_bus_message_close_container(call->get());
    if (r < 0)
        return tl::unexpected(CallError{Exit::No, "the name of an application is no valid text"});
    auto reply = send(guard.bus(), call->get(), readPatience);
    if (!reply)
        return tl::unexpected(reply.error());
    nlohmann::json value;
    if (readValue(reply->get(), value) <= 0)
        return unreadable("answer", "it cannot be read");
    auto rows = exposuresFrom(value);
    if (!rows)
        return unreadable("answer", rows.error());
    return ExposureReport{since, until, std::move(*rows)};
}

} // namespace micguard::cli
