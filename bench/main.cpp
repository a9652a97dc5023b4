// SPDX-License-Identifier: GPL-3.0-or-later
// micguard-bench: measures the leak matrix and the costs, and appends what it finds to a file of results;
// what is there already is not measured again. scripts/bench is the way to call it, and makes
// docs/benchmarks.md of the results.
#include "bench/costs.hpp"
#include "bench/matrix.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace micguard::bench {
namespace {

struct Arguments {
    std::string results;
    std::string version = "unknown";
    std::string rows; // "1-8,13,22c"; empty: all
    std::vector<Tool> tools = allTools();
    std::vector<std::string> parts; // of table 2; empty: all
    unsigned runs = 10;
    unsigned table = 0; // 0: both
    bool list = false, smoke = false, quick = false;
};

[[noreturn]] void usage(const std::string& what) {
    if (!what.empty())
        std::cerr << "micguard-bench: " << what << "\n";
    std::cerr << "usage: micguard-bench --results FILE [--version TEXT] [--rows 1-8,13a,...] [--columns "
                 "NAME,...] [--runs N]\n"
                 "                      [--table 1|2] [--parts replies,path,rest,growth] [--quick]\n"
                 "       micguard-bench --list | --smoke\n";
    std::exit(2);
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, ',');)
        parts.push_back(part);
    return parts;
}

unsigned number(const std::string& text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        usage("no number: " + text);
    return value;
}

// 13 for "13a".
unsigned scenarioOf(const std::string& id) {
    return static_cast<unsigned>(std::stoul(id));
}

std::set<std::string> chosenRows(const std::string& text) {
    std::set<std::string> all, chosen;
    for (const Scene& scene : allScenes())
        for (const Row& row : scene.rows)
            all.insert(row.id);
    if (text.empty())
        return all;
    for (const std::string& part : split(text)) {
        if (all.contains(part)) {
            chosen.insert(part);
            continue;
        }
        const auto dash = part.find('-');
        const unsigned first = number(part.substr(0, dash));
        const unsigned last = dash == std::string::npos ? first : number(part.substr(dash + 1));
        const auto before = chosen.size();
        for (const std::string& id : all)
            if (scenarioOf(id) >= first && scenarioOf(id) <= last)
                chosen.insert(id);
        if (chosen.size() == before)
            usage("no such row: " + part);
    }
    return chosen;
}

Arguments parse(const std::vector<std::string>& words) {
    Arguments arguments;
    for (std::size_t i = 0; i < words.size(); i++) {
        const std::string& word = words[i];
        if (word == "--list" || word == "--smoke" || word == "--quick") {
            (word == "--list"    ? arguments.list
             : word == "--smoke" ? arguments.smoke
                                 : arguments.quick) = true;
            continue;
        }
        if (i + 1 == words.size())
            usage("");
        const std::string& value = words[++i];
        if (word == "--results")
            arguments.results = value;
        else if (word == "--version")
            arguments.version = value;
        else if (word == "--rows")
            arguments.rows = value;
        else if (word == "--runs")
            arguments.runs = number(value);
        else if (word == "--parts")
            arguments.parts = split(value);
        else if (word == "--table")
            arguments.table = number(value);
        else if (word == "--columns") {
            arguments.tools.clear();
            for (const std::string& name : split(value)) {
                const auto tool = toolFromName(name);
                if (!tool)
                    usage("no such column: " + name);
                arguments.tools.push_back(*tool);
            }
        } else
            usage("no such option: " + word);
    }
    return arguments;
}

void list() {
    for (const Scene& scene : allScenes())
        for (const Row& row : scene.rows) {
            nlohmann::ordered_json line{{"kind", "row"},
                                        {"key", row.id},
                                        {"tier", row.tier},
                                        {"title", row.title},
                                        {"remark", row.remark},
                                        {"known", row.known},
                                        {"strict_shuts", row.strictShuts},
                                        {"guard_only", scene.guardOnly}};
            std::cout << line.dump() << "\n";
        }
}

std::vector<std::string> daemonUnderUnit() {
    return {UNDER_UNIT, MICGUARD_UNIT, MICGUARDD_BUILT};
}

void showProgress(const std::string& text) {
    if (::isatty(STDERR_FILENO) != 0)
        fmt::print(stderr, "\r\033[K{}", text);
    else
        fmt::print(stderr, "{}\n", text);
    std::fflush(stderr);
}

std::vector<MatrixPlan> matrixPlans(const Arguments& arguments) {
    MatrixPlan plan{.rows = chosenRows(arguments.rows),
                    .tools = arguments.tools,
                    .runs = arguments.runs,
                    .daemon = daemonUnderUnit()};
    if (!arguments.quick || !arguments.rows.empty())
        return {plan};
    // Everything plain in one session with all tools; of the rest one of a kind, against the control alone.
    MatrixPlan plain = plan, others = plan;
    plain.rows = {"1", "2", "3a", "4", "5", "7a", "7b", "8a", "8b", "8c"};
    others.rows = {"9",   "11b", "12a", "13a", "14b", "15",  "17a", "17b",
                   "18a", "21",  "22a", "23",  "24a", "24b", "25a"};
    others.tools = {Tool::control, Tool::silence, Tool::sever};
    return {plain, others};
}

void measureCosts(const Arguments& arguments, Results& results) {
    CostPlan plan{.daemon = daemonUnderUnit()};
    if (arguments.quick) {
        plan.calls = 4;
        plan.cycles = 1;
        plan.crowds = {1, 64};
        plan.restSeconds = 6;
        plan.churnSeconds = 4;
        plan.toggles = 100;
        plan.starts = 1;
    }
    const std::vector<std::pair<std::string, void (*)(const CostPlan&, Results&, const CostProgress&)>> parts{
        {"replies", measureReplies}, {"path", measurePath}, {"rest", measureRest}, {"growth", measureGrowth}};
    for (const std::string& name : arguments.parts)
        if (std::none_of(parts.begin(), parts.end(), [&](const auto& part) { return part.first == name; }))
            usage("no such part: " + name);
    for (const auto& [name, measure] : parts)
        if (arguments.parts.empty() ||
            std::find(arguments.parts.begin(), arguments.parts.end(), name) != arguments.parts.end())
            measure(plan, results, showProgress);
}

// Two rows and one run: that the yardstick itself works. The control leaks, the guard's cells are 0.
int smoke() {
    const auto folder = std::filesystem::temp_directory_path() / fmt::format("micguard-bench-{}", ::getpid());
    const MatrixPlan plan{.rows = {"1", "13a"},
                          .tools = {Tool::control, Tool::silence, Tool::sever},
                          .runs = 1,
                          .daemon = daemonUnderUnit()};
    int bad = 0;
    {
        Results results(folder / "results.jsonl", "smoke");
        if (!runMatrix(plan, results, [](const std::string&) {}))
            bad++;
        std::ifstream lines(results.path());
        unsigned cells = 0;
        for (std::string text; std::getline(lines, text); cells++) {
            const auto line = nlohmann::json::parse(text);
            const std::uint64_t after = line.value("after", std::uint64_t{0});
            const bool control = line.value("column", "") == "control";
            const bool good = line.value("kind", "") == "leak" && line.value("made", 0U) > 0 &&
                              (control ? after > 0 : after == 0);
            fmt::print("{} row {}, {}: {} audible samples made after the reply\n", good ? "good" : "BAD",
                       line.value("key", ""), line.value("column", ""), after);
            bad += good ? 0 : 1;
        }
        if (cells != plan.rows.size() * plan.tools.size())
            bad++;
    }
    std::filesystem::remove_all(folder);
    return bad == 0 ? 0 : 1;
}

} // namespace
} // namespace micguard::bench

int main(int argc, char** argv) {
    using namespace micguard::bench;
    const Arguments arguments = parse({argv + 1, argv + argc});
    try {
        if (arguments.list)
            return list(), 0;
        if (arguments.smoke)
            return smoke();
        if (arguments.results.empty())
            usage("--results is missing");
        Results results(arguments.results, arguments.version);
        bool complete = true;
        if (arguments.table != 2)
            for (const MatrixPlan& plan : matrixPlans(arguments))
                complete = runMatrix(plan, results, showProgress) && complete;
        if (arguments.table == 2 || (arguments.table == 0 && arguments.rows.empty()))
            measureCosts(arguments, results);
        return complete ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "micguard-bench: " << error.what() << "\n";
        return 3;
    }
}
