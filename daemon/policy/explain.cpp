// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/explain.hpp"

#include "config/wording.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/rule_contradictions.hpp"
#include "daemon/policy/rule_words.hpp"
#include "daemon/policy/why.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace micguard {
namespace {

std::vector<std::string> idsOf(const std::vector<Rule>& rules) {
    std::vector<std::string> ids;
    std::map<std::string, unsigned> there;
    for (const auto& rule : rules) {
        std::string id = place(rule);
        if (const unsigned number = ++there[id]; number > 1)
            id += "#" + std::to_string(number);
        ids.push_back(std::move(id));
    }
    return ids;
}

// By rule, as what it contradicts is called: "a.toml:3 and a.toml:9". Of many rules none: to find out takes a while.
std::map<std::size_t, std::string> contradictedIn(const RuleBook& book,
                                                  const std::vector<Circumstances>& moments) {
    std::map<std::size_t, std::string> found;
    if (book.rules().size() > shadowsLookedFor)
        return found;
    for (const auto& one : contradictions(book, moments))
        for (const auto rule : one.rules) {
            std::vector<const Rule*> others;
            for (const auto other : one.rules)
                if (other != rule)
                    others.push_back(&book.rules()[other]);
            found.try_emplace(rule, contradicting(others));
        }
    return found;
}

// "kernel", as long as anything but its own word is known of it.
std::string howKnown(const Applicant& applicant) {
    if (applicant.clients.empty())
        return {};
    for (const auto& subject : applicant.subjects)
        if (subject.app.known)
            return subject.flatpak.known || subject.snap.known ? "sandbox" : "kernel";
    return "claimed";
}

class Explainer {
  public:
    Explainer(const Model& model, const std::set<GlobalId>& managers, const RuleBook& book,
              const Applicant& applicant)
        : model_(model)
        , book_(book)
        , applicant_(applicant)
        , flow_(flowOf(model.graph))
        , now_(circumstancesOf(model, book, managers))
        , ids_(idsOf(book.rules()))
        , contradicted_(contradictedIn(book, {model.circumstances})) {
        if (!applicant.clients.empty()) {
            decisions_ = decisionsAbout(applicant.clients, model, book, managers);
            return;
        }
        const auto inForce = book.inForce(now_);
        const auto asker = book.asker(applicant.subjects.front());
        for (const auto& [id, node] : model.graph.nodes)
            if (isSource(model.graph, node))
                decisions_[id] =
                    book.decide(asker, book.place(node.name, sourceKind(model.graph, node)), inForce);
    }

    VerdictView on(const Node& node) const {
        VerdictView view;
        view.source = node.name;
        const Node* decisive = &node; // itself, or a microphone whose sound it hands on
        const Decision* decision = of(node.id);
        if (const auto behind = flow_.find(node.id); behind != flow_.end())
            for (const auto id : behind->second)
                if (const Decision* other = of(id); other && decision && other->ruling > decision->ruling) {
                    decision = other;
                    decisive = model_.graph.node(id);
                }
        if (!decision || !decisive)
            return view;
        view.verdict = toString(decision->ruling);
        view.reason = decision->reason;
        if (decisive != &node)
            view.reason = "hands on " + printable(decisive->name) + ": " + view.reason;
        if (decision->rule) {
            view.rule = ids_[*decision->rule];
            view.file = book_.rules()[*decision->rule].origin.file;
            view.line = book_.rules()[*decision->rule].origin.line;
        }
        view.others = others(*decisive, decision->rule);
        return view;
    }

  private:
    const Decision* of(GlobalId source) const {
        const auto it = decisions_.find(source);
        return it == decisions_.end() ? nullptr : &it->second;
    }

    std::vector<std::string> others(const Node& source, std::optional<std::size_t> decides) const {
        std::vector<std::string> texts;
        for (const auto& subject : applicant_.subjects)
            for (const auto& opinion :
                 book_.opinions(subject, source.name, sourceKind(model_.graph, source), now_)) {
                std::string text = ids_[opinion.rule] + ": " + opinion.text;
                const auto contradicted = contradicted_.find(opinion.rule);
                if (contradicted != contradicted_.end())
                    text += "; " + contradicted->second;
                // One that decides and contradicts others is worth its line.
                if ((opinion.rule != decides || contradicted != contradicted_.end()) &&
                    std::find(texts.begin(), texts.end(), text) == texts.end())
                    texts.push_back(std::move(text));
            }
        return texts;
    }

    const Model& model_;
    const RuleBook& book_;
    const Applicant& applicant_;
    Flow flow_;
    Circumstances now_;
    std::vector<std::string> ids_;
    std::map<std::size_t, std::string> contradicted_;
    std::map<GlobalId, Decision> decisions_;
};

std::vector<std::pair<std::string, std::string>> matchWords(const Rule::Match& match) {
    std::vector<std::pair<std::string, std::string>> words;
    for (const auto& [key, member] : matchKeys)
        if (const auto& glob = match.*member)
            words.emplace_back(key, *glob);
    return words;
}

} // namespace

Explanation explain(const Model& model, const std::set<GlobalId>& managers, const Verdicts& verdicts,
                    const RuleBook& book, const Applicant& applicant,
                    const std::vector<ApplicationView>& shown) {
    Explanation explanation;
    explanation.appId = applicant.appId;
    explanation.identity = howKnown(applicant);
    const auto application = std::find_if(shown.begin(), shown.end(),
                                          [&](const auto& view) { return view.appId == applicant.appId; });
    if (application != shown.end())
        explanation.name = application->name;
    const Explainer explainer(model, managers, book, applicant);
    for (const auto& verdict : verdicts.sources)
        if (const Node* node = model.graph.node(verdict.node)) {
            explanation.verdicts.push_back(explainer.on(*node));
            if (verdicts.muted && verdict.guarded)
                explanation.verdicts.back().muted = whyMuted(model);
        }
    return explanation;
}

std::vector<RuleView> shownRules(const RuleBook& book) {
    const auto& rules = book.rules();
    const auto ids = idsOf(rules);
    std::map<std::size_t, std::string> idle;
    if (rules.size() <= shadowsLookedFor)
        for (const auto& shadowed : book.shadowed())
            idle[shadowed.rule] = "never decides: " + ids[shadowed.by] + " always wins over it";
    // At the first few moments only: this is asked for on the way.
    constexpr std::size_t mostMoments = 4;
    auto moments = momentsOf(book);
    moments.resize(std::min(moments.size(), mostMoments));
    const auto contradicted = contradictedIn(book, moments);
    std::vector<RuleView> views;
    for (const auto index : book.order()) {
        const Rule& rule = rules[index];
        RuleView view;
        view.id = ids[index];
        view.match = matchWords(rule.match);
        view.when = whenWords(rule.when);
        view.action = toString(rule.action);
        view.priority = rule.priority;
        view.final = isFinal(rule);
        view.until = rule.until.value_or(0);
        view.file = rule.origin.file;
        view.line = rule.origin.line;
        if (const auto it = idle.find(index); it != idle.end())
            view.warning = it->second;
        else if (const auto other = contradicted.find(index); other != contradicted.end())
            view.warning = other->second;
        views.push_back(std::move(view));
    }
    return views;
}

} // namespace micguard
