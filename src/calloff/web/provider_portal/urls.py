"""The provider portal: every address holds a random token, never a number."""

from django.urls import URLPattern, URLResolver, path

from calloff.web.provider_portal.views import (
    columns,
    invitations,
    letters,
    loose,
    packages,
    pay,
    spare,
    telling,
    visits,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("provider", invitations.home, name="portal_invitations"),
    path("provider/closed", invitations.closed, name="portal_closed"),
    path("provider/invitations/<str:token>", invitations.invitation, name="portal_invitation"),
    path("provider/invitations/<str:token>/answer", invitations.answer, name="portal_answer"),
    path("provider/invitations/<str:token>/thanks", invitations.thanks, name="portal_thanks"),
    path("provider/invitations/<str:token>/dispute/<str:receipt>", invitations.dispute, name="portal_dispute"),
    path("provider/invitations/<str:token>/letter", letters.not_selected, name="portal_loss_letter"),
    path("provider/packages", packages.packages, name="portal_packages"),
    path("provider/packages/<str:token>", packages.package, name="portal_package"),
    path("provider/packages/<str:token>/first-visit", packages.first_visit, name="portal_first_visit"),
    path("provider/packages/<str:token>/hand-back", packages.hand_back, name="portal_hand_back"),
    path("provider/packages/<str:token>/letter", letters.call_off, name="portal_call_off_letter"),
    path("provider/visits", visits.files, name="portal_visits"),
    path("provider/visits/send", visits.send, name="portal_send_visits"),
    path("provider/visits/columns/<str:token>", columns.columns, name="portal_columns"),
    path("provider/visits/rows", loose.rows, name="portal_loose_rows"),
    path("provider/visits/rows/<str:row>", loose.row, name="portal_loose_row"),
    path("provider/visits/rows/<str:row>/leaving", loose.leaving, name="portal_leaving"),
    path("provider/visits/<str:receipt>", visits.receipt, name="portal_receipt"),
    path("provider/pay", pay.remittances, name="portal_pay"),
    path("provider/pay/next", pay.next_pay, name="portal_next_pay"),
    path("provider/pay/waiting/<str:hold>", pay.hold, name="portal_hold"),
    path("provider/pay/lines/<str:branch>/<str:day>/<str:line>", pay.dispute, name="portal_pay_dispute"),
    path("provider/pay/<str:token>/<str:branch>/lines", pay.run_lines, name="portal_pay_lines"),
    path("provider/pay/<str:token>/<str:branch>/letter", pay.remittance_pdf, name="portal_remittance_letter"),
    path("provider/pay/<str:token>/<str:branch>", pay.remittance, name="portal_remittance"),
    path("provider/spare", spare.spare, name="portal_spare"),
    path("provider/spare/<str:token>", spare.declare, name="portal_declare"),
    path("provider/messages", telling.messages_list, name="portal_messages"),
    path("provider/messages/<str:token>", telling.thread, name="portal_thread"),
    path("provider/messages/<str:token>/read", telling.read, name="portal_thread_read"),
]
