// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/loop/errand.hpp"

#include <semaphore>
#include <system_error>
#include <thread>
#include <utility>

namespace micguard {

struct Errand::State {
    Errand* owner; // the main context's; null when nobody wants to be told
    Step work, told;
    std::binary_semaphore over{0};
};

Errand::~Errand() {
    if (!state_)
        return;
    state_->over.acquire();
    state_->owner = nullptr;
}

void Errand::leave() {
    if (state_)
        state_->owner = nullptr;
    state_.reset();
}

bool Errand::begin(Step work, Step told, gint priority) {
    using Shared = std::shared_ptr<State>;
    auto state = Shared(new State{this, std::move(work), std::move(told)});
    const auto run = [state, priority] {
        state->work();
        g_idle_add_full(
            priority,
            [](gpointer data) -> gboolean {
                const Shared& done = *static_cast<Shared*>(data);
                if (!done->owner)
                    return G_SOURCE_REMOVE;
                const Step step = std::move(done->told);
                std::exchange(done->owner, nullptr)->state_.reset();
                step();
                return G_SOURCE_REMOVE;
            },
            new Shared(state), [](gpointer data) { delete static_cast<Shared*>(data); });
        state->over.release();
    };
    try {
        std::thread(run).detach();
    } catch (const std::system_error&) {
        return false;
    }
    state_ = std::move(state);
    return true;
}

} // namespace micguard
