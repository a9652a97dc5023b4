// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whom a caller means by an AppId or a name. Pure.
#pragma once

#include "daemon/model/model.hpp"
#include "daemon/model/view.hpp"
#include "daemon/policy/rules.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace micguard {

// Everybody who goes by one AppId.
struct Applicant {
    std::string appId;
    std::vector<const Client*> clients; // of the model; none: it does not run
    std::vector<Subject> subjects;      // as rules see it; never empty
};

// One that does not run is taken for what its AppId makes known of it.
Applicant applicantOf(const Model& model, const std::set<GlobalId>& managers, const std::string& appId);

struct NotFound {
    bool several = false; // else there is none
    std::string text;     // and who there is instead
};

// The AppId that `text` is, or the one of the application in `shown` that alone is called so: by its name, in
// large or small letters, or by its executable's. One that does not run is known from a rule about it, looks like an
// AppId, or is installed: by the id and name of its desktop entry, and by the names of its package and program.
tl::expected<std::string, NotFound> findAppId(const Model& model, const std::set<GlobalId>& managers,
                                              const std::vector<ApplicationView>& shown,
                                              const std::string& text);

} // namespace micguard
