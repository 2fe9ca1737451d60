"""Purchasing models, drafts, enrolments and the register of providers."""

from django.urls import URLPattern, URLResolver, path

from calloff.web.contracts.views import drafts, enrolments, providers, purchasing

models: list[URLPattern | URLResolver] = [
    path("models", purchasing.models, name="models"),
    path("models/new", purchasing.new_model, name="new_model"),
    path("models/<slug:model>", purchasing.model, name="model"),
    path("models/<slug:model>/<int:version>", purchasing.model_version, name="model_version"),
    path("models/<slug:model>/<int:before>/<int:after>", purchasing.model_changes, name="model_changes"),
    path("models/<slug:model>/<int:version>/<int:number>.yaml", purchasing.model_document, name="model_document"),
]

drafted: list[URLPattern | URLResolver] = [
    path("drafts", drafts.drafts, name="drafts"),
    path("drafts/<str:reference>", drafts.draft, name="draft"),
    path("drafts/<str:reference>/<int:number>.yaml", drafts.draft_document, name="draft_document"),
]
for area in drafts.AREAS:
    agree, disagree = drafts.deciding(area)
    of_area = f"drafts/<str:reference>/{area}"
    drafted += [
        path(f"{of_area}/forward", drafts.forwarding(area), name=f"forward_{area}"),
        path(f"{of_area}/approve", agree, name=f"approve_{area}"),
        path(f"{of_area}/refuse", disagree, name=f"refuse_{area}"),
        path(f"{of_area}/take-back", drafts.taking_back(area), name=f"take_back_{area}"),
    ]

register: list[URLPattern | URLResolver] = [
    path("providers", providers.providers, name="providers"),
    path("providers/ending", providers.expiring, name="expiring"),
    path("providers/new", providers.new_register, name="new_register"),
    path("providers/<str:token>", providers.provider, name="provider"),
    path("enrolments/new", enrolments.new_enrolment, name="new_enrolment"),
    path("enrolments/file", enrolments.new_enrolments, name="new_enrolments"),
    path("enrolments/<str:token>", enrolments.enrolment, name="enrolment"),
    path("enrolments/<str:token>/change", enrolments.change_enrolment, name="change_enrolment"),
    path("enrolments/<str:token>/suspend", enrolments.enrolment_suspend, name="enrolment_suspend"),
    path("enrolments/<str:token>/lift/<str:suspended>", enrolments.suspension_lift, name="suspension_lift"),
    path("enrolments/<str:token>/spare", enrolments.enrolment_spare, name="enrolment_spare"),
]

urlpatterns: list[URLPattern | URLResolver] = [*models, *drafted, *register]
