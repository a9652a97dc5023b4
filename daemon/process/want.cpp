// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/want.hpp"

#include <cerrno>
#include <utility>

namespace micguard {
namespace {

thread_local bool wanting = false;

} // namespace

bool isOurOwnWant(int error) {
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

int notingWant(int descriptor) {
    wanting = wanting || (descriptor < 0 && isOurOwnWant(errno));
    return descriptor;
}

bool takeWant() {
    return std::exchange(wanting, false);
}

} // namespace micguard
