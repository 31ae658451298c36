"""Further labels, invoices, receipts and screens: of carriers and apps that papers.py lacks."""

from collections.abc import Sequence

from benchmarks.evals.drawing import GREY, INK, RED, WHITE, Sheet
from benchmarks.evals.papers import goods, invoice_form, parties, totals
from benchmarks.evals.screens import GREEN, phone

SELLER, SELLER_TAX = "宁波海岸电器有限公司", "91330201MA2AJ6XK5L"
BUYER, BUYER_TAX = "武汉知行教育咨询有限公司", "91420106MA4KXQ2T53"
DARK, PALE = (28, 28, 30), (235, 235, 240)


def label(title: str, number: str, rows: Sequence[str], printed: str = "") -> Sheet:
    """A parcel's label: the number as bars, and as it is printed below them."""
    sheet = Sheet(860, 260 + 180 + 62 * len(rows))
    sheet.box(10, 10, 850, sheet.image.height - 10)
    sheet.text(40, 26, title, 42, bold=True)
    if number:
        sheet.bars(60, 110, number, 3)
    sheet.text(190, 290, printed or number, 34)
    sheet.lines(40, 370, rows, 30, 62)
    return sheet


def jt_label() -> Sheet:
    rows = (
        "收 田源 131****8842 云南省昆明市盘龙区北京路 9 号",
        "寄 青禾优品西南仓 028-85556666",
        "订单号 QH202611260023719  1.2kg",
        "打印时间 2026-11-26 19:40",
    )
    return label("极兔速递 J&T EXPRESS", "JT3106627481952", rows)


def sto_label() -> Sheet:
    rows = (
        "收件人：邱楠 15900001122",
        "地址：辽宁省沈阳市和平区三好街 20 号",
        "寄件人：青禾优品华北仓 01066668888",
        "客户订单 QH202611240031186",
    )
    return label("申通快递", "773318204659127", rows, "运单号 773318204659127")


def deppon_label() -> Sheet:
    rows = (
        "收货人 郝建 13700008888 山西省太原市小店区亲贤街 6 号",
        "件数 2 件  计费重量 38kg  送货上楼",
        "客户单号 QH202611190067204",
    )
    return label("德邦快递 大件", "DPK202619374856", rows)


def dhl_label() -> Sheet:
    rows = (
        "From: Qinghe Goods Ltd, Ningbo, CN",
        "To: Maya Lindqvist, Storgatan 4, Malmo, SE",
        "Ref: QH202611200058813   Pieces 1/1   2.4 kg",
        "Ship date 2026-11-21",
    )
    return label("EXPRESS WORLDWIDE  DHL", "", rows, "WAYBILL 52 9174 6386")


def ups_label() -> Sheet:
    rows = (
        "SHIP TO: OWEN CLARK, 18 HARBOR ST, PORTLAND OR 97209",
        "BILLING: P/P   REF 1: QH202611220091145",
        "1 OF 1   5 LBS",
    )
    return label("UPS GROUND", "1Z7R3W850391648276", rows, "TRACKING #: 1Z 7R3 W85 03 9164 8276")


def seller_invoice() -> Sheet:
    """Three lines of goods at 13 %: 4,601.77 and 598.23 make 5,200.00."""
    sheet = invoice_form("26332000000540718263", "2026年11月08日")
    parties(sheet, (BUYER, BUYER_TAX), (SELLER, SELLER_TAX))
    goods(
        sheet,
        ("*电器*除湿机", "台", "2", "1150.44", "2300.88", "13%", "299.12"),
        ("*电器*空气净化器", "台", "2", "1150.445", "2300.89", "13%", "299.11"),
    )
    totals(sheet, "¥4601.77", "¥598.23", "伍仟贰佰圆整", "¥5200.00")
    return sheet


def taxi_receipt() -> Sheet:
    sheet = Sheet(420, 900)
    sheet.text(60, 30, "出租汽车发票", 44, RED, bold=True)
    sheet.text(60, 100, "发票联", 34, RED)
    rows = (
        "发票代码 133012687342",
        "发票号码 40917352",
        "车号 浙A·T6721",
        "日期 2026-11-15",
        "上车 08:42",
        "下车 09:17",
        "单价 2.80元/公里",
        "里程 14.6公里",
        "金额 48.00元",
    )
    sheet.lines(40, 180, rows, 32, 70)
    return sheet


def market_receipt() -> Sheet:
    sheet = Sheet(560, 1000)
    sheet.text(110, 30, "家佳福生活超市", 44, bold=True)
    sheet.text(150, 96, "滨江店 欢迎光临", 28)
    sheet.rule(150, 30, 530)
    goods_rows = (
        ("鲜牛奶 950ml", "2", "25.80"),
        ("厨房纸巾", "1", "19.90"),
        ("不粘锅铲", "1", "34.50"),
        ("苹果 1.35kg", "1", "16.07"),
    )
    for place, (name, count, price) in enumerate(goods_rows):
        top = 180 + place * 60
        sheet.text(40, top, name, 28)
        sheet.text(380, top, count, 28, right=True)
        sheet.text(520, top, price, 28, right=True)
    sheet.rule(430, 30, 530)
    rows = (
        "合计：96.27",
        "优惠：-6.27",
        "应收：90.00",
        "实收：100.00  找零：10.00",
        "收银员 017  机号 03",
        "流水号 20261122030458",
        "2026-11-22 18:36:12",
    )
    sheet.lines(40, 460, rows, 30, 64)
    return sheet


def english_receipt() -> Sheet:
    sheet = Sheet(560, 900)
    sheet.text(90, 30, "HARBOUR HARDWARE", 42, bold=True)
    sheet.text(130, 92, "12 Quay Road, Bristol", 28)
    rows = (
        "Receipt no 0048-7719",
        "Date 14/11/2026 15:22",
        "Cordless drill        89.99",
        "Wood screws 200        6.50",
        "Subtotal              96.49",
        "Discount              -9.00",
        "TOTAL                £87.49",
        "Card ending 4471",
        "Thank you for shopping with us",
    )
    sheet.lines(50, 170, rows, 30, 66)
    return sheet


def failed_payment() -> Sheet:
    """No code: the words alone tell what happened."""
    sheet = phone("收银台", 1200)
    sheet.text(300, 240, "付款失败", 48, RED, bold=True)
    sheet.text(130, 330, "银行卡余额不足，请更换其他支付方式", 32, GREY)
    rows = [("订单编号", "QH202611270014402"), ("应付金额", "¥658.00"), ("尾号", "3307 储蓄卡")]
    sheet.pairs(460, rows)
    sheet.text(340, 800, "重新支付", 36)
    return sheet


def locked_account() -> Sheet:
    sheet = phone("登录", 1100)
    sheet.fill(60, 300, 768, 640, WHITE)
    sheet.text(300, 330, "无法登录", 42, bold=True)
    sheet.text(110, 420, "密码错误次数过多，账号已被锁定", 32)
    sheet.text(110, 480, "（AUTH-423）", 32, GREY)
    sheet.text(360, 570, "知道了", 32, (0, 100, 220))
    return sheet


def upload_error() -> Sheet:
    sheet = Sheet(1280, 720, PALE)
    sheet.fill(300, 200, 980, 520, WHITE)
    sheet.text(340, 230, "Upload failed", 40, bold=True)
    sheet.text(340, 310, "The picture could not be uploaded.", 28)
    sheet.text(340, 360, "Error UPD-3010", 28, GREY)
    sheet.text(340, 440, "Try again        Cancel", 28)
    return sheet


def refund_page() -> Sheet:
    sheet = phone("退款详情", 1300)
    sheet.text(40, 190, "退款成功", 44, bold=True)
    sheet.text(40, 260, "2026-11-25 11:06:48", 28, GREY)
    rows = [
        ("退款金额", "¥236.50"),
        ("退回账户", "招商银行储蓄卡(8812)"),
        ("退款原因", "商品与描述不符"),
        ("退款编号", "RF20261124009317"),
        ("订单编号", "QH202611160077325"),
        ("申请时间", "2026-11-23 09:14:30"),
    ]
    sheet.pairs(380, rows)
    return sheet


def dark_order() -> Sheet:
    """Drawn light on dark, as an app's dark theme is."""
    sheet = Sheet(828, 1400, DARK)
    sheet.text(40, 76, "<  订单详情", 34, WHITE, bold=True)
    sheet.text(40, 190, "卖家已发货", 42, WHITE, bold=True)
    sheet.text(40, 260, "中通快递 78552039174466", 30, PALE)
    rows = (
        ("青禾空气炸锅 5L ×1", "¥329.00"),
        ("运费", "¥0.00"),
        ("店铺优惠", "-¥40.00"),
        ("实付款", "¥289.00"),
        ("订单编号", "QH202611230085517"),
        ("付款时间", "2026-11-23 21:30:02"),
    )
    for place, (left, right) in enumerate(rows):
        sheet.text(40, 360 + place * 80, left, 30, PALE)
        sheet.text(788, 360 + place * 80, right, 30, WHITE, right=True)
    return sheet


def english_order() -> Sheet:
    sheet = Sheet(1000, 900)
    sheet.text(40, 40, "Order details", 40, bold=True)
    rows = [
        ("Order number", "QH202611170048830"),
        ("Order placed", "17 November 2026"),
        ("Status", "Shipped"),
        ("Carrier", "FedEx"),
        ("Tracking number", "449044304137821"),
        ("Desk lamp, brass x2", "$78.00"),
        ("Shipping", "$6.00"),
        ("Order total", "$84.00"),
    ]
    sheet.pairs(140, rows, 30, 72)
    return sheet


def said(sheet: Sheet, lines: Sequence[tuple[bool, str]]) -> Sheet:
    """Bubbles of a chat; True is written by the phone's owner."""
    for number, (own, words) in enumerate(lines):
        top = 200 + number * 150
        wide = sheet.width_of(words, 30)
        left = 768 - wide if own else 60
        sheet.fill(left - 20, top, left + wide + 20, top + 80, GREEN if own else WHITE)
        sheet.text(left, top + 18, words, 30, INK)
    return sheet


def courier_chat() -> Sheet:
    lines = (
        (False, "你好，你的快递给你放在东门丰巢了"),
        (True, "哪个柜子？取件码发我一下"),
        (False, "12号柜，取件码 836204"),
        (True, "好的谢谢"),
    )
    return said(phone("快递员 李师傅"), lines)


def seller_chat() -> Sheet:
    lines = (
        (True, "锅盖有裂纹，怎么办？"),
        (False, "非常抱歉，给您补寄一个新锅盖"),
        (True, "要多久能寄出来"),
        (False, "明天下午三点前发出，圆通快递"),
        (True, "行，那旧的要退吗"),
        (False, "旧的不用退回，您自行处理"),
    )
    return said(phone("青禾优品官方客服"), lines)


def bad_gateway() -> Sheet:
    sheet = Sheet(1366, 768)
    sheet.fill(0, 0, 1366, 70, PALE)
    sheet.text(120, 18, "https://www.qinghe.example/cart", 26, GREY)
    sheet.text(500, 260, "504 Gateway Time-out", 44, bold=True)
    sheet.text(640, 340, "nginx", 28)
    return sheet


def stuck_tracking() -> Sheet:
    sheet = phone("物流详情", 1300)
    sheet.text(40, 180, "韵达快递  433829107465108", 32, bold=True)
    rows = (
        "11-18 22:47  【杭州市】离开杭州转运中心，发往西安",
        "11-18 15:20  【杭州市】到达杭州转运中心",
        "11-17 18:02  【绍兴市】已揽收",
    )
    sheet.lines(40, 290, rows, 28, 96)
    return sheet
