// SPDX-License-Identifier: GPL-3.0-or-later
// mg-machine: test microphones for a PipeWire that somebody else starts, the user's own of a booted machine.
// Makes their control files and the fragment of pipewire.conf that they need; sets their phase; prints what
// was made and heard. Starts nothing. The control files stay, also across a boot.
#include "tests/support/analyser.hpp"
#include "tests/support/microphone.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

namespace micguard::test {
namespace {

namespace fs = std::filesystem;

int usage() {
    std::cerr
        << "usage: mg-machine FOLDER microphones KIND:NAME...   prints a fragment of pipewire.conf\n"
           "       mg-machine FOLDER phase N\n"
           "       mg-machine FOLDER produced NAME               as JSON\n"
           "       mg-machine FOLDER heard LISTENER               as JSON, from FOLDER/LISTENER.stats\n";
    return 2;
}

// The mapping lives as long as the process.
template <typename Layout>
Layout* mapped(const fs::path& path, int flags) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0600);
    if (fd < 0)
        throw std::system_error(errno, std::generic_category(), path.string());
    // Also an older, shorter file would end the process at the first look.
    void* memory = ::ftruncate(fd, sizeof(Layout)) == 0
                       ? ::mmap(nullptr, sizeof(Layout), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                       : MAP_FAILED;
    const int error = errno;
    ::close(fd);
    if (memory == MAP_FAILED)
        throw std::system_error(error, std::generic_category(), path.string());
    return static_cast<Layout*>(memory);
}

int microphones(const fs::path& folder, const std::vector<std::string>& wanted) {
    std::string objects;
    for (const std::string& text : wanted) {
        const std::size_t colon = text.find(':');
        const auto kind = micKindFromName(text.substr(0, colon));
        if (!kind || colon == std::string::npos)
            return usage();
        const MicSpec spec{.kind = *kind, .name = text.substr(colon + 1)};
        MicContext context;
        context.control = folder / "control" / spec.name;
        const MicParts parts = partsOf(spec, context);
        if (parts.objects.size() != 1 || !parts.childArgv.empty() || !parts.moduleArguments.empty()) {
            std::cerr << "mg-machine: " << nameOf(*kind) << " is more than one object in the server\n";
            return 2;
        }
        fs::create_directories(context.control.parent_path());
        auto* control = mapped<ControlLayout>(context.control, O_CREAT);
        control->coding = static_cast<std::uint32_t>(spec.effectiveCoding());
        control->routeVolume = 1.0F;
        control->magic = kControlMagic;
        objects += "  { factory = " + parts.objects[0].factory +
                   " args = " + spaJson(parts.objects[0].properties) + " }\n";
    }
    std::cout << "context.spa-libs = { micguard.test.* = libspa-micguard-test }\ncontext.objects = [\n"
              << objects << "]\n";
    return 0;
}

int setPhase(const fs::path& folder, const std::string& number) {
    for (const auto& entry : fs::directory_iterator(folder / "control"))
        mapped<ControlLayout>(entry.path(), 0)->phase =
            static_cast<std::uint32_t>(std::strtoul(number.c_str(), nullptr, 10));
    return 0;
}

int printProduced(const fs::path& folder, const std::string& name) {
    const auto* control = mapped<ControlLayout>(folder / "control" / name, 0);
    std::cout << nlohmann::json{{"frames", {control->frames[0].load(), control->frames[1].load()}},
                                {"starts", control->starts.load()}}
              << "\n";
    return 0;
}

int printHeard(const fs::path& folder, const std::string& listener) {
    const StreamSnapshot heard = snapshotOf(*mapped<StreamStats>(folder / (listener + ".stats"), O_CREAT));
    std::cout << nlohmann::json{{"samples", heard.samples},
                                {"nonZero", heard.nonZero},
                                {"audible", {heard.audible[0], heard.audible[1]}},
                                {"streaming", heard.streaming}}
              << "\n";
    return 0;
}

int run(const std::vector<std::string>& words) {
    if (words.size() < 3)
        return usage();
    const fs::path folder = words[0];
    const std::string& verb = words[1];
    if (verb == "microphones")
        return microphones(folder, {words.begin() + 2, words.end()});
    if (words.size() != 3)
        return usage();
    if (verb == "phase")
        return setPhase(folder, words[2]);
    if (verb == "produced")
        return printProduced(folder, words[2]);
    if (verb == "heard")
        return printHeard(folder, words[2]);
    return usage();
}

} // namespace
} // namespace micguard::test

int main(int argc, char** argv) {
    try {
        return micguard::test::run({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::cerr << "mg-machine: " << error.what() << "\n";
        return 1;
    }
}
