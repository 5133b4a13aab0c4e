"""The doctor: looks at everything that scheduled sends need, changes nothing, and says what mends what it finds.

A check takes the context and gives findings; to add one, write it and add a line to `CHECKS`.
"""

from newsletter.doctor import dkim, machine, mail_domain, mailer, public, ranking, record, settings, upstreams
from newsletter.doctor.running import Check

CHECKS = (
    Check("config", settings.config),
    Check("secret", settings.signing_key),
    Check("database", machine.database),
    Check("clock", machine.clock),
    Check("zones", machine.zones),
    Check("templates", settings.templates),
    Check("ranking", ranking.model),
    Check("disk", machine.disk),
    Check("sources", upstreams.sources),
    Check("smtp", mailer.check),
    Check("url", public.check),
    Check("spf", mail_domain.asked("spf", mail_domain.sender_policy)),
    Check("dkim", dkim.check),
    Check("dmarc", mail_domain.asked("dmarc", mail_domain.published_policy)),
    Check("mx", mail_domain.asked("mx", mail_domain.mailboxes)),
    Check("ptr", mail_domain.asked("ptr", mail_domain.sending_host)),
    Check("tick", record.asked("tick", record.tick)),
    Check("leases", record.asked("leases", record.leases)),
    Check("waiting", record.asked("waiting", record.waiting)),
    Check("held", record.asked("held", record.held)),
    Check("admin", settings.admin),
)
