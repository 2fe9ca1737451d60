"""Addresses about pay; whatever has a name there is named by a random token, never by a number."""

from django.urls import URLPattern, URLResolver, path

from calloff.web.payments.views import lines, money, periods, runs, terms

urlpatterns: list[URLPattern | URLResolver] = [
    path("pay", runs.pay_runs, name="pay_runs"),
    path("pay/draft", runs.draft, name="pay_run_draft"),
    path("pay/waiting", lines.waiting, name="pay_waiting"),
    path("pay/waiting/<str:hold>", lines.hold, name="pay_hold"),
    path("pay/waiting/<str:hold>/take", lines.take, name="pay_hold_take"),
    path("pay/waiting/<str:hold>/write", lines.write, name="pay_hold_write"),
    path("pay/waiting/<str:hold>/close", lines.release, name="pay_hold_close"),
    path("pay/payments", money.payments, name="pay_payments"),
    path("pay/owing", money.owing, name="pay_owing"),
    path("pay/owing/<str:branch>/instalments", money.recover, name="pay_recover"),
    path("pay/owing/<str:branch>/left", money.left, name="pay_left"),
    path("pay/part-payments/ask", money.ask_for_advance, name="pay_ask_advance"),
    path("pay/part-payments/<str:advance>", money.advance, name="pay_advance"),
    path("pay/books", money.books, name="pay_books"),
    path("pay/books/end", money.end_period, name="pay_end_period"),
    path("pay/periods", periods.overview, name="pay_periods"),
    path("pay/periods/changes/<str:retro>", periods.retro, name="pay_retro"),
    path("pay/blocks/propose", periods.propose_block, name="pay_propose_block"),
    path("pay/blocks/<str:block>", periods.block, name="pay_block"),
    path("pay/blocks/<str:block>/approve", periods.approve_block, name="pay_approve_block"),
    path("pay/blocks/<str:block>/settle", periods.settle_block, name="pay_settle_block"),
    path("pay/outcomes/agree", periods.agree_outcome, name="pay_agree_outcome"),
    path("pay/outcomes/<str:outcome>", periods.judge_outcome, name="pay_outcome"),
    path("pay/terms", terms.terms, name="pay_terms"),
    path("pay/terms/set", terms.set_pay_terms, name="pay_set_terms"),
    path("pay/terms/code", terms.set_ledger_code, name="pay_set_code"),
    path("pay/<str:token>", runs.pay_run, name="pay_run"),
    path("pay/<str:token>/approve", runs.approve, name="pay_run_approve"),
    path("pay/<str:token>/release", runs.release, name="pay_run_release"),
    path("pay/<str:token>/drop", runs.drop, name="pay_run_drop"),
    path("pay/<str:token>/lines/<str:branch>", lines.run_lines, name="pay_run_lines"),
    path("pay/<str:token>/lines/<str:branch>/<str:line>/hold", lines.hold_line, name="pay_line_hold"),
    path("pay/<str:token>/returned/<str:branch>", money.returned, name="pay_returned"),
    path("pay/<str:token>/remittance/<str:branch>", runs.remittance, name="pay_run_remittance"),
]
