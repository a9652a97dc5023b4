// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/matrix.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>

namespace micguard::bench {
namespace {

// What strict admission is for; below it the cells are 0 without.
constexpr int kStrictFrom = 4;
// So often may a cell fail before it is given up.
constexpr unsigned kPatience = 3;

std::unique_ptr<MuteSwitch> make(Tool tool, Stage& stage) {
    switch (tool) {
    case Tool::control:
        return noSwitch();
    case Tool::silence:
    case Tool::strictSilence:
        return guardSwitch(*stage.guard(), "silence");
    case Tool::sever:
    case Tool::strictSever:
        return guardSwitch(*stage.guard(), "sever");
    case Tool::wpctl:
        return wpctlSwitch(stage.session());
    case Tool::pactl:
        return pactlSwitch(stage.session());
    case Tool::pactlLoop:
        return pactlLoopSwitch(stage.session());
    }
    throw std::logic_error("no such tool");
}

class SceneRun {
  public:
    SceneRun(const Scene& scene, const MatrixPlan& plan, Results& results, const Progress& progress)
        : scene_(scene)
        , plan_(plan)
        , results_(results)
        , progress_(progress) {
        for (const Row& row : scene.rows)
            if (plan.rows.contains(row.id))
                chosen_.push_back(row);
    }

    bool run() {
        bool complete = true;
        for (const Company company : {Company::nobody, Company::guard, Company::strictGuard}) {
            std::vector<Tool> tools;
            for (const Tool tool : plan_.tools)
                if (companyOf(tool) == company && (isGuard(tool) || !scene_.guardOnly))
                    tools.push_back(tool);
            rows_.clear();
            for (const Row& row : chosen_)
                if (company != Company::strictGuard || row.tier >= kStrictFrom)
                    rows_.insert(row.id);
            if (!tools.empty() && !rows_.empty())
                complete = runTools(tools, company) && complete;
        }
        return complete;
    }

  private:
    enum class Company { nobody, guard, strictGuard }; // what the session has of micguard

    static Company companyOf(Tool tool) {
        return isStrict(tool) ? Company::strictGuard : isGuard(tool) ? Company::guard : Company::nobody;
    }

    [[nodiscard]] SessionOptions optionsFor(Company company) const {
        SessionOptions options = scene_.session();
        if (company != Company::nobody) {
            options.micguardd = plan_.daemon.front();
            options.micguarddArguments = {plan_.daemon.begin() + 1, plan_.daemon.end()};
        }
        if (company == Company::strictGuard) {
            options.strict = true;
            options.micguardConfig = "[admission]\nmode = \"strict\"\n";
        }
        return options;
    }

    [[nodiscard]] std::set<std::string> missing(Tool tool) const {
        std::set<std::string> rows;
        for (const std::string& row : rows_)
            if (results_.done(row, nameOf(tool)) < plan_.runs && errors(row, tool) < kPatience)
                rows.insert(row);
        return rows;
    }

    // Tools take turns, so that whatever befalls the machine befalls them all.
    bool runTools(const std::vector<Tool>& tools, Company company) {
        std::unique_ptr<Stage> stage;
        for (bool any = true; any;) {
            any = false;
            for (const Tool tool : tools) {
                const auto rows = missing(tool);
                if (rows.empty())
                    continue;
                any = true;
                try {
                    if (!stage) {
                        progress_("rows " + names() + ": a new session");
                        stage = std::make_unique<Stage>(optionsFor(company), rows_);
                        // That others are let in.
                        if (company == Company::strictGuard)
                            stage->accompany(
                                nativeListener(stage->session(), {.target = "builtin", .name = "company"}));
                        scene_.prepare(*stage);
                    }
                    progress_("rows " + names() + ": " + nameOf(tool) + ", run " +
                              std::to_string(results_.done(*rows.begin(), nameOf(tool)) + 1));
                    const auto muteSwitch = make(tool, *stage);
                    Stage::Trial trial = scene_.trial;
                    trial.unmute = scene_.span == Span::session;
                    for (auto& line : stage->run(*muteSwitch, trial)) {
                        line["column"] = nameOf(tool);
                        const auto row = line.at("key").get<std::string>();
                        if (line.at("kind") == "error")
                            errors_[{row, tool}]++;
                        if (rows.contains(row))
                            results_.add(std::move(line));
                    }
                    if (scene_.span == Span::trial)
                        stage.reset();
                } catch (const std::exception& error) {
                    for (const std::string& row : rows) {
                        errors_[{row, tool}]++;
                        results_.add({{"kind", "error"},
                                      {"key", row},
                                      {"column", nameOf(tool)},
                                      {"what", error.what()}});
                    }
                    std::cerr << "\nbench: rows " << names() << ", " << nameOf(tool) << ": " << error.what()
                              << "\n";
                    if (stage && std::getenv("MICGUARD_BENCH_KEEP") != nullptr)
                        stage->session().markFailed();
                    stage.reset();
                }
            }
        }
        return std::none_of(tools.begin(), tools.end(), [this](Tool tool) {
            return std::any_of(rows_.begin(), rows_.end(), [&](const std::string& row) {
                return results_.done(row, nameOf(tool)) < plan_.runs;
            });
        });
    }

    [[nodiscard]] unsigned errors(const std::string& row, Tool tool) const {
        const auto found = errors_.find({row, tool});
        return found == errors_.end() ? 0 : found->second;
    }

    [[nodiscard]] std::string names() const {
        std::string text;
        for (const std::string& row : rows_)
            text += (text.empty() ? "" : " ") + row;
        return text;
    }

    const Scene& scene_;
    const MatrixPlan& plan_;
    Results& results_;
    const Progress& progress_;
    std::vector<Row> chosen_;    // of the scene's
    std::set<std::string> rows_; // of these, the ones that are measured at the time
    std::map<std::pair<std::string, Tool>, unsigned> errors_;
};

} // namespace

bool runMatrix(const MatrixPlan& plan, Results& results, const Progress& progress) {
    bool complete = true;
    for (const Scene& scene : allScenes())
        complete = SceneRun(scene, plan, results, progress).run() && complete;
    return complete;
}

} // namespace micguard::bench
