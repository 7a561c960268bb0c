"""The whole file and the facts derived from it give the same orders, in the order to publish."""

import lzma
from pathlib import Path

import pytest

from local.orders.derive import derive
from local.orders.facts import Order, OrdersError, instant
from local.orders.read import SHIPPED, read_orders

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SAMPLE = HEADER + (
    '100,A1,"HEART, WHITE",6,2010-12-01 08:27:00,2.55,12345.0,United Kingdom\n'
    "100,A2,LANTERN,1,2010-12-01 08:26:00,3.385,12345.0,United Kingdom\n"
    "101,A3,NO CUSTOMER,1,2010-12-01 08:28:00,1.00,,France\n"
    "102,A4,TWINS,2,2010-12-01 08:30:00,1.00,7.0,France\n"
    "103,A4,TWINS,3,2010-12-01 08:30:00,1.00,7.0,France\n"
    "100,A5,LATER LINE,1,2010-12-01 08:31:00,0.10,12345.0,United Kingdom\n"
    "C104,A4,TWINS,-3,2010-12-01 08:30:00,1.10,7.0,France\n"
    "105,A6,OUT OF ORDER,-1,2010-12-01 08:20:00,10.00,8.0,Côte d'Ivoire\n"
    "106,A7,AFTER THE LAST ORDER,1,2010-12-01 09:00:00,0.00,,France\n"
)
EXPECTED = [
    Order("105", instant("2010-12-01 08:20:00"), "8", 1, -10.0, False, 4),
    Order("100", instant("2010-12-01 08:26:00"), "12345", 3, 18.78, False, 0),
    Order("102", instant("2010-12-01 08:30:00"), "7", 1, 2.0, False, 1),
    Order("103", instant("2010-12-01 08:30:00"), "7", 1, 3.0, False, 2),
    Order("C104", instant("2010-12-01 08:30:00"), "7", 1, -3.3, True, 3),
]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "sample.csv"
    path.write_text(SAMPLE, encoding="utf-8")
    return path


def test_one_order_per_invoice_with_a_customer_at_the_earliest_of_its_lines(sample: Path) -> None:
    assert read_orders(sample).orders == EXPECTED


def test_the_file_ends_at_its_last_line_though_that_names_no_customer(sample: Path) -> None:
    assert read_orders(sample).ends_at == instant("2010-12-01T09:00:00Z") == 1291194000000


def test_the_facts_give_the_same_as_the_whole_file(sample: Path, tmp_path: Path) -> None:
    facts = tmp_path / "facts.csv.xz"
    derive(sample, facts)
    assert read_orders(facts) == read_orders(sample)


def test_deriving_twice_gives_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    derive(sample, tmp_path / "one.csv.xz")
    derive(sample, tmp_path / "two.csv.xz")
    assert (tmp_path / "one.csv.xz").read_bytes() == (tmp_path / "two.csv.xz").read_bytes()


def test_the_whole_file_may_be_compressed(sample: Path, tmp_path: Path) -> None:
    compressed = tmp_path / "sample.csv.xz"
    compressed.write_bytes(lzma.compress(sample.read_bytes()))
    assert read_orders(compressed) == read_orders(sample)


def test_what_ships_is_the_whole_set_and_small() -> None:
    orders, ends_at = read_orders()
    assert len(orders) == 22_190
    assert len({order.customer for order in orders}) == 4_372
    assert sum(order.cancelled for order in orders) == 3_654
    assert ends_at == instant("2011-12-09T12:50:00Z")
    assert SHIPPED.stat().st_size <= 500_000
    assert "CC BY 4.0" in (SHIPPED.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (HEADER, "no line below the header"),
        ("id,when\n1,2\n", "the header is 'id,when', expected"),
        (HEADER + "100,A1,HEART,six,2010-12-01 08:27:00,2.55,12345.0,UK\n", "bad.csv:2: found"),
        (HEADER + "100,A1,HEART,6,yesterday,2.55,12345.0,UK\n", "yesterday"),
        (HEADER + "100,A1,HEART\n", "bad.csv:2: found"),
        (
            HEADER + "1,A,B,1,2010-12-01 08:27:00,1,5.0,UK\n1,A,B,1,2010-12-01 08:27:00,1,6.0,UK\n",
            "invoice 1 names the customers 5 and 6",
        ),
        ("number,at,customer,lines,total\n100,2010-12-01T08:26:00Z,5,1,1.00\n", "cut short"),
        ("number,at,customer,lines,total\n100,2010-12-01T08:26:00Z,5\n", "bad.csv:2: found"),
    ],
)
def test_a_faulty_file_is_refused_with_its_line(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(OrdersError, match=r"bad\.csv") as caught:
        read_orders(path)
    assert says in str(caught.value)


def test_bytes_that_are_no_xz_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv.xz"
    path.write_bytes(b"not compressed")
    with pytest.raises(OrdersError, match="cannot be read as CSV"):
        read_orders(path)
