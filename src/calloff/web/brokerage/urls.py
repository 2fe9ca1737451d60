"""The broker's desk: packages and what is done with them."""

from django.urls import URLPattern, URLResolver, path

from calloff.web.brokerage.views import (
    acts,
    agreed,
    answers,
    approving,
    confirming,
    day_one,
    letters,
    package,
    people,
    queue,
    records,
    request_steps,
    requests,
    search,
    second,
    stays,
    stopping,
    trial,
)

packages: list[URLPattern | URLResolver] = [
    path("packages/<str:token>", package.package, name="package"),
    path("packages/<str:token>/sheet", package.sheet, name="package_sheet"),
    path("packages/<str:token>/start", acts.start, name="package_start"),
    path("packages/<str:token>/answers/<str:invitation>", answers.answer, name="package_answer"),
    path("packages/<str:token>/confirm", confirming.confirm, name="package_confirm"),
    path("packages/<str:token>/price", confirming.price, name="package_price"),
    path("packages/<str:token>/price/ask", confirming.ask_approval, name="package_ask_approval"),
    path("packages/<str:token>/override", second.override, name="package_override"),
    path("packages/<str:token>/outside", second.outside, name="package_outside"),
    path("packages/<str:token>/second", second.second, name="package_second"),
    path("packages/<str:token>/take-back", second.take_back, name="package_take_back"),
    path("packages/<str:token>/hold", acts.hold, name="package_hold"),
    path("packages/<str:token>/hold/end", acts.end_hold, name="package_end_hold"),
    path("packages/<str:token>/take-apart", acts.take_apart, name="package_take_apart"),
    path("packages/<str:token>/withdraw", acts.withdraw, name="package_withdraw"),
    path("packages/<str:token>/note", acts.note, name="package_note"),
    path("packages/<str:token>/message", acts.message, name="package_message"),
    path("packages/<str:token>/first-visit/<str:call_off>", acts.first_visit, name="package_first_visit"),
    path("packages/<str:token>/bridge", acts.bridge, name="package_bridge"),
    path("packages/<str:token>/end", acts.end, name="package_end"),
    path("packages/<str:token>/handback/<str:call_off>", acts.handback, name="package_handback"),
    path("packages/<str:token>/stops", stopping.stops, name="package_stops"),
    path("packages/<str:token>/stops/add", stopping.stop, name="package_stop_add"),
    path(
        "packages/<str:token>/stops/visits/<str:line>/<str:on>/<int:ordinal>",
        stopping.cancel,
        name="package_cancel_visit",
    ),
    path("packages/<str:token>/stops/<str:absence>", stopping.change, name="package_stop"),
    path("packages/<str:token>/stops/<str:absence>/return", stopping.come_back, name="package_return"),
    path("packages/<str:token>/stops/<str:absence>/take-back", stopping.take_back, name="package_stop_take_back"),
    path("packages/<str:token>/temporary", agreed.for_a_while, name="package_temporary"),
    path(
        "packages/<str:token>/temporary/<str:change>/take-back",
        agreed.take_back,
        name="package_temporary_take_back",
    ),
    path("packages/<str:token>/funding", agreed.who_pays, name="package_funding"),
    path("packages/<str:token>/letters/call-off/<str:placed>", letters.call_off, name="package_call_off_letter"),
    path("packages/<str:token>/letters/not-selected/<str:asked>", letters.not_selected, name="package_loss_letter"),
    path("packages/<str:token>/records", records.records, name="package_records"),
    path("packages/<str:token>/records/<int:number>", records.record, name="package_record"),
    path("packages/<str:token>/records/<int:number>.json", records.record_json, name="package_record_json"),
    path("packages/<str:token>/decisions.jsonl", records.log, name="package_log"),
    path("packages/<str:token>/replay", records.replay_page, name="package_replay"),
    path("packages/<str:token>/explanation", records.explanation, name="package_explanation"),
]

desk: list[URLPattern | URLResolver] = [
    path("queue", queue.queue, name="queue"),
    path("queue.csv", queue.queue_file, {"kind": "csv"}, name="queue_csv"),
    path("queue.xlsx", queue.queue_file, {"kind": "xlsx"}, name="queue_xlsx"),
    path("queue/invitations", queue.invitations, name="queue_invitations"),
    path("queue/give", queue.give, name="queue_give"),
    path("packages/<str:token>/give", queue.give_one, name="package_give"),
    path("search", search.search, name="package_search"),
]

asking: list[URLPattern | URLResolver] = [
    path("requests", requests.requests, name="requests"),
    path("requests.csv", requests.requests_file, {"kind": "csv"}, name="requests_csv"),
    path("requests.xlsx", requests.requests_file, {"kind": "xlsx"}, name="requests_xlsx"),
    path("requests/begin/<str:person>", requests.begin, name="request_begin"),
    path("requests/change/<str:token>", requests.change, name="request_change"),
    path("requests/<str:reference>", requests.one, name="request"),
    path("requests/<str:reference>/week", request_steps.week, name="request_week"),
    path("requests/<str:reference>/needs", request_steps.needs, name="request_needs"),
    path("requests/<str:reference>/check", request_steps.check, name="request_check"),
    path("requests/<str:reference>/take-back", requests.take_back, name="request_take_back"),
    path("requests/<str:reference>/copy", requests.copy, name="request_copy"),
    path("requests/<str:reference>/approval", approving.approval, name="approval"),
    path("drafts-of-forms/<str:form>/<str:about>", request_steps.saved_form, name="saved_form"),
    path("people", people.people, name="people"),
    path("people/add", people.add, name="person_add"),
    path("people/<str:reference>", people.person, name="person"),
    path("stays", stays.stays, name="stays"),
    path("stays.csv", stays.stays_file, {"kind": "csv"}, name="stays_csv"),
    path("stays.xlsx", stays.stays_file, {"kind": "xlsx"}, name="stays_xlsx"),
    path("stays/count", stays.count, name="stay_count"),
    path("stays/<str:reference>", stays.stay, name="stay"),
]

models: list[URLPattern | URLResolver] = [
    path("models/<slug:model>/<int:version>/try", trial.model_trial, name="model_trial"),
    path("drafts/packages/new", day_one.new_day_one, name="new_day_one"),
]

urlpatterns: list[URLPattern | URLResolver] = [*desk, *packages, *asking, *models]
