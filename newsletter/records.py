"""What the newsletter keeps about one reader, beside what `subscribers` keeps: shown in full, and forgotten."""

from typing import Any

from sqlalchemy import CursorResult, or_, update
from sqlmodel import Session, SQLModel, col, select

from newsletter.mail.admin_letter import AdminLetter
from newsletter.models import Delivery, Feedback, Pick
from subscribers.letters import LetterKind

# How a delivery is sent is ours, what it says about the reader is theirs.
_OURS = {"id", "subscriber_id", "edition_id", "owner", "lease_until", "message_id"}


def of(session: Session, subscriber_id: int) -> dict[str, list[dict[str, Any]]]:
    """{"deliveries", "picks", "feedback"}: each a list of rows, oldest first, JSON ready (GDPR Art. 15, 20).

    Without the letters to the new mailbox of a change of address: that may be another's, and whether one went
    there would tell the reader whether that other one reads this too (Art. 15(4)).
    """
    own = (Delivery.subscriber_id == subscriber_id, col(Delivery.letter) != str(LetterKind.CHANGE_NEW))
    deliveries = select(Delivery).where(*own).order_by(col(Delivery.id))
    picks = select(Pick).where(Pick.subscriber_id == subscriber_id)
    feedback = select(Feedback).where(Feedback.subscriber_id == subscriber_id)
    return {
        "deliveries": [_plain(row) for row in session.exec(deliveries)],
        "picks": [_plain(row) for row in session.exec(picks.order_by(col(Pick.delivery_id), col(Pick.rank)))],
        "feedback": [_plain(row) for row in session.exec(feedback.order_by(col(Feedback.at), Feedback.paper))],
    }


def forget(session: Session) -> int:
    """Blank what deliveries still tell about readers who are gone; the number of deliveries. Does not commit.

    To be asked again later: a server's reply may come in after the reader was erased, and repeat the address.
    The admin's mails never had a reader: they stay as they are.
    """
    told = or_(col(Delivery.address) != "", col(Delivery.reply) != "")
    readers = col(Delivery.letter).not_in(list(AdminLetter))
    gone = update(Delivery).where(col(Delivery.subscriber_id).is_(None), readers, told)
    blanked: CursorResult[Any] = session.connection().execute(
        gone.values(address="", reply="", outcome="", details={})
    )
    return blanked.rowcount


def _plain(row: SQLModel) -> dict[str, Any]:
    return row.model_dump(mode="json", exclude=_OURS)
