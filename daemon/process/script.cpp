// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/script.hpp"

#include "daemon/model/path.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace micguard {
namespace {

struct Interpreter {
    std::string_view name;          // of the executable, what follows being a version: python3.11, node-20
    std::string_view takesValue;    // short options that the next word belongs to
    std::string_view endsTheSearch; // short options after which there is no file: -c, -m, -e
};

// Options of what runs the file, not of what is run.
constexpr std::array interpreters{
    Interpreter{"python", "WX", "cm"},
    Interpreter{"perl", "", "eE"},
    Interpreter{"ruby", "", "e"},
    Interpreter{"node", "r", "ep"},
    Interpreter{"nodejs", "r", "ep"},
    Interpreter{"electron", "", ""},
    Interpreter{"bash", "oO", "cs"},
    Interpreter{"sh", "o", "cs"},
    Interpreter{"dash", "o", "cs"},
    Interpreter{"zsh", "o", "cs"},
    Interpreter{"gjs", "I", "c"},
    Interpreter{"gjs-console", "I", "c"},
    Interpreter{"lua", "l", "e"},
    Interpreter{"mono", "", ""},
    Interpreter{"mono-sgen", "", ""},
    Interpreter{"wine", "", ""},
    Interpreter{"wine64", "", ""},
    Interpreter{"wine-preloader", "", ""},
    Interpreter{"wine64-preloader", "", ""},
    Interpreter{"java", "", ""},
    Interpreter{"qemu-x86_64", "", ""},
};

const Interpreter* interpreterOf(std::string_view executable) {
    const auto name = baseName(executable);
    const auto found =
        std::find_if(interpreters.begin(), interpreters.end(), [&](const Interpreter& candidate) {
            return name.starts_with(candidate.name) &&
                   name.find_first_not_of("0123456789.-", candidate.name.size()) == std::string_view::npos;
        });
    return found == interpreters.end() ? nullptr : &*found;
}

std::vector<std::string_view> wordsOf(std::string_view commandLine) {
    std::vector<std::string_view> words;
    while (!commandLine.empty()) {
        words.push_back(commandLine.substr(0, commandLine.find('\0')));
        commandLine.remove_prefix(std::min(words.back().size() + 1, commandLine.size()));
    }
    return words;
}

bool isWine(std::string_view name) {
    return name.starts_with("wine");
}

// wine starts its loader as "C:\…\zoom.exe", or as "wine zoom.exe".
std::string wineProgram(const std::vector<std::string_view>& words) {
    for (const auto word : words)
        if (word.ends_with(".exe") || word.ends_with(".EXE"))
            return std::string(word);
    return {};
}

// java -cp a:b -Dx=y main.Class | -jar file.jar
std::string javaProgram(const std::vector<std::string_view>& words) {
    for (std::size_t i = 1; i < words.size(); i++) {
        const auto word = words[i];
        if (word == "-jar" || word == "-m" || word == "--module")
            return i + 1 < words.size() ? std::string(words[i + 1]) : std::string{};
        if (word == "-cp" || word == "-classpath" || word == "--class-path" || word == "-p" ||
            word == "--module-path")
            i++;
        else if (!word.starts_with('-'))
            return std::string(word);
    }
    return {};
}

} // namespace

bool isInterpreter(std::string_view executable) {
    return interpreterOf(executable) != nullptr;
}

std::string scriptOf(std::string_view executable, std::string_view commandLine) {
    const Interpreter* interpreter = interpreterOf(executable);
    if (!interpreter)
        return {};
    const auto words = wordsOf(commandLine);
    if (isWine(interpreter->name))
        return wineProgram(words);
    if (interpreter->name == "java")
        return javaProgram(words);
    for (std::size_t i = 1; i < words.size(); i++) {
        const auto word = words[i];
        if (word == "--")
            return i + 1 < words.size() ? std::string(words[i + 1]) : std::string{};
        if (!word.starts_with('-'))
            return std::string(word);
        if (word.starts_with("--") || word == "-")
            continue;
        if (word.find_first_of(interpreter->endsTheSearch) != std::string_view::npos)
            return {};
        if (word.size() == 2 && interpreter->takesValue.find(word[1]) != std::string_view::npos)
            i++;
    }
    return {};
}

} // namespace micguard
