// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl: argv, and off to the verb. It decides nothing about microphones; all of that is the guard's.
#include "cli/verbs.hpp"

int main(int argc, char** argv) {
    using namespace micguard::cli;
    const std::span<const char* const> words(argv + (argc > 0 ? 1 : 0),
                                             static_cast<std::size_t>(argc > 0 ? argc - 1 : 0));
    const auto how = parse(words, allVerbs());
    if (!how) {
        std::string line = how.error().line + "\n";
        return std::fwrite(line.data(), 1, line.size(), stderr), raw(Exit::Usage);
    }
    return dispatch(*how, Terminal::ofStandardOutput());
}
