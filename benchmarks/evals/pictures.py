"""Draws the pictures of the cases into evals/pictures.

`.venv/bin/python -m benchmarks.evals.pictures`. People, companies and numbers are invented.
"""

from collections.abc import Callable
from functools import partial

from benchmarks.evals import more_papers, papers, screens
from benchmarks.evals.asking import PICTURES
from benchmarks.evals.drawing import jpeg, pdf
from tests.support import degrade
from tests.support.degrade import DEGRADATIONS, pixels_of
from tests.support.paths import SCREENS

Change = Callable[[bytes], bytes]


def changed(name: str) -> Change:
    return DEGRADATIONS[name]


def unreadable(change: Callable[[degrade.Pixels], degrade.Pixels]) -> Change:
    return lambda data: degrade.jpeg(change(pixels_of(data)), 60)


def screen(name: str) -> bytes:
    return (SCREENS / f"{name}.png").read_bytes()


def drawn() -> dict[str, bytes]:
    """File name → its bytes."""
    small = unreadable(partial(degrade.scaled, width=120))
    blurred = unreadable(partial(degrade.defocused, radius=12))
    black = unreadable(partial(degrade.dimmed, light=0.02, noise=5))
    return {
        "landscape.jpg": jpeg(screens.landscape().png()),
        "injection.png": screens.injection_zh().png(),
        "injection-en.png": screens.injection_en().png(),
        "unknown-code.png": screens.unknown_code().png(),
        "other-shop.png": screens.other_shop().png(),
        "blurred-waybill.jpg": blurred(screen("waybill")),
        "tiny-order.jpg": small(screen("order")),
        "dark-receipt.jpg": black(papers.receipt().png()),
        "zto-app.png": screens.zto_app().png(),
        "sf-label.jpg": changed("phone photo")(papers.sf_label().png()),
        "jd-label.jpg": changed("tilt -20")(papers.jd_label().png()),
        "yto-barcode.jpg": jpeg(changed("turned 90")(papers.yto_barcode().png())),
        "yunda-label.jpg": changed("perspective")(papers.yunda_label().png()),
        "ems-slip.jpg": changed("tilt 10")(papers.ems_slip().png()),
        "e-invoice.jpg": changed("fold and shadow")(papers.e_invoice().png()),
        "e-invoice-2.jpg": changed("tilt 5")(papers.e_invoice_second().png()),
        "train-ticket.jpg": changed("phone photo")(papers.train_ticket().png()),
        "receipt.jpg": jpeg(changed("pale")(papers.receipt().png())),
        "wechat-bill.png": screens.wechat_bill().png(),
        "alipay-bill.png": changed("dark mode")(screens.alipay_bill().png()),
        "order-page.jpg": jpeg(changed("turned 270")(screens.order_page().png())),
        "blue-screen.jpg": changed("perspective")(screens.blue_screen().png()),
        "app-dialog.png": screens.app_dialog().png(),
        "chat.png": screens.chat().png(),
        "tracking.png": screens.tracking().png(),
        "lease-1.jpg": jpeg(papers.lease(1).png()),
        "lease-2.jpg": jpeg(papers.lease(2).png()),
        "long-order.png": screens.long_order().png(),
        "white-order.png": changed("white on transparent")(screens.order_page().png()),
        "delivery-note.pdf": pdf(papers.delivery_note(1).png(), papers.delivery_note(2).png()),
        "tax-invoice.ofd": papers.invoice_ofd(),
        "tax-invoice.xml": papers.invoice_xml(),
        **drawn_later(),
    }


def drawn_later() -> dict[str, bytes]:
    """The pictures of evals/*-customers.toml."""
    more = more_papers
    return {
        "jt-label.jpg": changed("phone photo")(more.jt_label().png()),
        "sto-label.jpg": jpeg(changed("turned 90")(more.sto_label().png())),
        "deppon-label.jpg": changed("tilt 15")(more.deppon_label().png()),
        "dhl-label.jpg": changed("fold and shadow")(more.dhl_label().png()),
        "ups-label.jpg": changed("tilt 10")(more.ups_label().png()),
        "seller-invoice.jpg": changed("perspective")(more.seller_invoice().png()),
        "taxi-receipt.jpg": changed("phone photo")(more.taxi_receipt().png()),
        "market-receipt.jpg": changed("tilt -8")(more.market_receipt().png()),
        "english-receipt.jpg": changed("phone photo")(more.english_receipt().png()),
        "failed-payment.png": more.failed_payment().png(),
        "locked-account.png": changed("dark mode")(more.locked_account().png()),
        "upload-error.png": more.upload_error().png(),
        "refund-page.jpg": jpeg(more.refund_page().png()),
        "dark-order.png": more.dark_order().png(),
        "english-order.png": more.english_order().png(),
        "courier-chat.png": more.courier_chat().png(),
        "seller-chat.png": more.seller_chat().png(),
        "bad-gateway.jpg": changed("phone photo")(more.bad_gateway().png()),
        "stuck-tracking.png": more.stuck_tracking().png(),
        "lit-badly.jpg": unreadable(partial(degrade.dimmed, light=0.16, noise=4))(
            more.refund_page().png()
        ),
    }


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for name, data in drawn().items():
        (PICTURES / name).write_bytes(data)
        print(f"{name}: {len(data) / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
