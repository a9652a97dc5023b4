// SPDX-License-Identifier: GPL-3.0-or-later
//
// Verify: a proof for whoever asks. The App has no part in it but to say who may, and one at a time.
#include "daemon/app.hpp"

#include "daemon/permitted.hpp"

namespace micguard {

void App::verify(const Caller& caller, const VerifyOptions& options, ReplyVerify reply) {
    if (const auto allowed = mayControl(caller, "listen to the microphones for a proof"); !allowed)
        return reply(tl::unexpected(allowed.error()));
    if (verifier_.busy())
        return reply(tl::unexpected(RequestError{"LimitExceeded", "another proof is under way"}));
    verifier_.start(options, caller.uniqueName,
                    [reply = std::move(reply)](tl::expected<Verifier::Results, std::string> results) {
                        if (results)
                            reply(std::move(*results));
                        else
                            reply(tl::unexpected(RequestError{"NotGuaranteed", results.error()}));
                    });
}

// Our own proof is not a thing to bother people with: asked about, it stays silent, and says so.
bool App::isOwnProof(const std::string& application) const {
    return application == "exe:" + verifier_.program();
}

} // namespace micguard
