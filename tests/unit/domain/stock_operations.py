"""Operations on a stock, as tests ask for them."""

from datetime import UTC, datetime, timedelta

from domain.inventory import requests, reservations

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def reserve(stock, order_id="a", quantity=1, now=NOW, expires_at=LATER, **more):
    request = requests.ReserveRequest(order_id=order_id, quantity=quantity, expires_at=expires_at, now=now, **more)
    return reservations.reserve(stock, request)


def release(stock, order_id="a", now=NOW, placed_at=None):
    return reservations.release(stock, requests.ReleaseRequest(order_id=order_id, now=now, placed_at=placed_at))


def commit(stock, order_id="a", quantity=1, now=NOW, placed_at=NOW):
    request = requests.CommitRequest(order_id=order_id, quantity=quantity, placed_at=placed_at, now=now)
    return reservations.commit(stock, request)


def expire(stock, now=NOW, live=()):
    return reservations.expire(stock, requests.ExpireRequest(now=now, live=live))


def movement(key="k", quantity=1, at=NOW):
    return requests.RestockRequest(key=key, requested_at=at, quantity=quantity)
