"""The broker's desk: packages and what is done with them."""

from django.urls import URLPattern, URLResolver, path

from calloff.web.brokerage.views import acts, answers, confirming, letters, package, records, second

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
    path("packages/<str:token>/withdraw", acts.withdraw, name="package_withdraw"),
    path("packages/<str:token>/note", acts.note, name="package_note"),
    path("packages/<str:token>/message", acts.message, name="package_message"),
    path("packages/<str:token>/first-visit/<str:call_off>", acts.first_visit, name="package_first_visit"),
    path("packages/<str:token>/bridge", acts.bridge, name="package_bridge"),
    path("packages/<str:token>/end", acts.end, name="package_end"),
    path("packages/<str:token>/handback/<str:call_off>", acts.handback, name="package_handback"),
    path("packages/<str:token>/letters/call-off/<str:placed>", letters.call_off, name="package_call_off_letter"),
    path("packages/<str:token>/letters/not-selected/<str:asked>", letters.not_selected, name="package_loss_letter"),
    path("packages/<str:token>/records", records.records, name="package_records"),
    path("packages/<str:token>/records/<int:number>", records.record, name="package_record"),
    path("packages/<str:token>/records/<int:number>.json", records.record_json, name="package_record_json"),
    path("packages/<str:token>/decisions.jsonl", records.log, name="package_log"),
    path("packages/<str:token>/replay", records.replay_page, name="package_replay"),
    path("packages/<str:token>/explanation", records.explanation, name="package_explanation"),
]

urlpatterns: list[URLPattern | URLResolver] = [*packages]
