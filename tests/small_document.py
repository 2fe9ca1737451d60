"""A small made-up purchasing model with most kinds of rules."""

SMALL = """\
id: small
version: 2
title: A small framework
council: A council
nation: scotland
pattern: tiers_then_spot
term: {from: 2017-04-01, to: 2022-03-31, extension_years: 2, extended_years: 1, source: EL18-17}
scope: {delivery_models: [managed], age_groups: [75-84, 85+], assumed: an example}
price:
  set_by: provider
  assumed: an example
  lines:
    - {ceiling_gbp_per_hour: 15.95, tiers: [framework], source: EL18-14}
    - {set_by: council, gbp_per_hour: 18.50, tiers: [spot], from: 2018-01-01, assumed: a fee}
admission:
  - {rule: minimum_grade, scale: care_inspectorate, grade: good, when: {delivery_model: personal_budget},
     unrated: passes, source: EL18-19}
capacity: {test: gate, declaration_days: 7, assumed: an example}
splitting: {most_providers: 3, assumed: an example}
tiers:
  - {name: framework, role: member, count: 15, source: EL18-20}
  - {name: spot, role: spot, assumed: an example}
  - {name: team, role: in_house, assumed: an example}
steps:
  - {name: continuity, whom: current_provider, within_days: 28, ask: in_turn, source: EL18-10}
  - name: framework
    whom: framework
    rank_by: [{price_band_gbp_per_hour: 0.50}, capacity]
    ask: {P1: all_then_rank, otherwise: waves_of(3)}
    reply_within: {P1: {minutes: 30, between: 08:00-20:00, on: all_days}, otherwise: {working_days: 2}}
    assumed: {ask: the paper does not say}
  - {name: spot, whom: spot, rank_by: [price], when: {minutes_per_week: {at_least: 600}}, ask: in_turn,
     opens_after: {working_days: 2}, assumed: an example}
  - {name: team, whom: team, ask: unasked, assumed: an example}
"""
