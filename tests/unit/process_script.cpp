// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/script.hpp"

#include <initializer_list>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

std::string script(const std::string& executable, std::initializer_list<const char*> words) {
    std::string line;
    for (const char* word : words)
        line.append(word).push_back('\0');
    return scriptOf(executable, line);
}

} // namespace

TEST_CASE("an interpreter's script is the first word that is no option of its own") {
    CHECK(script("/usr/bin/python3.11", {"python3", "/usr/bin/recorder", "--all"}) == "/usr/bin/recorder");
    CHECK(script("/usr/bin/python3.11", {"python3", "-u", "-W", "ignore", "call.py"}) == "call.py");
    CHECK(script("/usr/bin/perl", {"perl", "-w", "listen.pl"}) == "listen.pl");
    CHECK(script("/usr/bin/node", {"node", "--inspect", "/opt/call/main.js"}) == "/opt/call/main.js");
    CHECK(script("/usr/bin/bash", {"bash", "-x", "--", "-odd.sh"}) == "-odd.sh");
    CHECK(script("/usr/lib/electron28/electron", {"electron", "/usr/lib/call/app.asar"}) ==
          "/usr/lib/call/app.asar");
    CHECK(script("/usr/bin/gjs-console", {"gjs", "-m", "/usr/bin/recorder"}) == "/usr/bin/recorder");
}

TEST_CASE("java's program is its jar or class, wine's the Windows program") {
    CHECK(script("/usr/lib/jvm/java-17/bin/java", {"java", "-Xmx1g", "-jar", "/opt/call.jar"}) ==
          "/opt/call.jar");
    CHECK(script("/usr/bin/java", {"java", "-cp", "a:b", "org.call.Main"}) == "org.call.Main");
    CHECK(script("/usr/bin/wine64-preloader", {"C:\\Zoom\\bin\\Zoom.exe", "x"}) == "C:\\Zoom\\bin\\Zoom.exe");
    CHECK(script("/usr/bin/wine", {"wine", "zoom.exe"}) == "zoom.exe");
}

TEST_CASE("what is no interpreter, or runs no file, has no script") {
    CHECK(script("/usr/bin/parecord", {"parecord", "file"}).empty());
    CHECK(script("/usr/bin/python3-config", {"x", "y"}).empty());
    CHECK(script("/usr/bin/python3", {"python3", "-c", "import x"}).empty());
    CHECK(script("/usr/bin/python3", {"python3", "-m", "call"}).empty());
    CHECK(script("/usr/bin/python3", {"python3", "-"}).empty());
    CHECK(script("/usr/bin/python3", {"python3"}).empty());
    CHECK(script("/usr/bin/python3", {}).empty());
    CHECK(script("/usr/bin/java", {"java", "-jar"}).empty());
    CHECK(script("/usr/bin/bash", {"bash", "--"}).empty());
    CHECK(script("", {"python3", "x"}).empty());
}
