"""Papers that customers photograph or send as files: labels, invoices, receipts, contracts."""

import io
import zipfile

from benchmarks.evals.drawing import GREY, RED, Sheet

BROWN = (140, 74, 40)
BUYER, BUYER_TAX = "苏州石禾文化传播有限公司", "91320594MA1X7QWR3Q"
SELLER, SELLER_TAX = "成都蓝川家居有限公司", "91510104MA6B2HJK8R"


def sf_label() -> Sheet:
    sheet = Sheet(800, 900)
    sheet.box(10, 10, 790, 890)
    sheet.text(40, 30, "顺丰速运", 44, bold=True)
    sheet.text(560, 40, "特快", 34, bold=True)
    sheet.text(60, 120, "755 - B2 - 046", 60, bold=True)
    sheet.bars(60, 230, "SF1518273645098", 4)
    sheet.text(200, 440, "SF 1518 273 645 098", 36)
    rows = (
        "收  许嘉  150****3392",
        "广东省深圳市南山区科苑路 15 号",
        "寄  青禾优品华南仓  02088886666",
        "订单号:QH202611230018845",
        "重量:1.35kg  件数:1/1  2026/11/23 16:02",
    )
    sheet.lines(40, 540, rows, 30, 62)
    return sheet


def jd_label() -> Sheet:
    sheet = Sheet(800, 700)
    sheet.box(10, 10, 790, 690)
    sheet.text(40, 30, "京东快递", 44, bold=True)
    sheet.bars(60, 120, "JDVB28461937502", 4)
    sheet.text(200, 330, "运单号 JDVB28461937502", 32)
    rows = (
        "收件人 高宁 177****6105",
        "山东省青岛市市南区香港中路 61 号",
        "寄件人 青禾优品 4008009988",
        "订单编号 QH202611220071130",
    )
    sheet.lines(40, 420, rows, 30, 62)
    return sheet


def yto_barcode() -> Sheet:
    """The number stands in the barcode only; the print of its text is torn off."""
    sheet = Sheet(900, 420)
    sheet.text(40, 20, "圆通速递 YTO EXPRESS", 38, bold=True)
    sheet.bars(60, 110, "YT7736281940563", 4)
    sheet.text(40, 340, "代收货款 0.00 元  已验视", 30)
    return sheet


def yunda_label() -> Sheet:
    sheet = Sheet(800, 700)
    sheet.box(10, 10, 790, 690)
    sheet.text(40, 30, "韵达速递", 44, bold=True)
    sheet.text(40, 120, "运单编号：462836450917283", 38, bold=True)
    rows = (
        "收：何苗 13612345678",
        "福建省厦门市思明区湖滨南路 90 号",
        "寄：青禾优品华东仓 0571-88886666",
        "下单时间 2026-11-20 10:08",
        "订单：QH202611200083316",
    )
    sheet.lines(40, 230, rows, 32, 76)
    return sheet


def ems_slip() -> Sheet:
    sheet = Sheet(900, 600)
    sheet.box(10, 10, 890, 590)
    sheet.text(40, 30, "中国邮政 EMS 国际特快专递", 40, bold=True)
    sheet.bars(60, 120, "EE473124829CN", 3)
    sheet.text(180, 290, "EE 473 124 829 CN", 36)
    rows = ("寄达国 SINGAPORE", "内件品名 电热水壶  重量 1860 g", "收寄日期 2026-11-17")
    sheet.lines(40, 380, rows, 30, 62)
    return sheet


def invoice_form(number: str, date: str) -> Sheet:
    sheet = Sheet(1240, 760)
    sheet.text(430, 30, "电子发票（普通发票）", 42, BROWN, bold=True)
    sheet.text(1210, 50, "发票号码：" + number, 22, right=True)
    sheet.text(1210, 90, "开票日期：" + date, 22, right=True)
    sheet.box(30, 140, 1210, 640, BROWN)
    sheet.rule(260, 30, 1210, BROWN)
    sheet.rule(520, 30, 1210, BROWN)
    sheet.rule(580, 30, 1210, BROWN)
    for x, label in ((40, "购买方信息"), (630, "销售方信息")):
        for place, letter in enumerate(label):
            sheet.text(x, 144 + place * 22, letter, 18, BROWN)
    return sheet


def e_invoice() -> Sheet:
    """Two lines of goods at 13 %: 2,035.40 and 264.60 make 2,300.00."""
    sheet = invoice_form("26322000000951847263", "2026年11月16日")
    parties(sheet, (BUYER, BUYER_TAX), (SELLER, SELLER_TAX))
    goods(
        sheet,
        ("*家具*实木书桌", "张", "1", "1769.91", "1769.91", "13%", "230.09"),
        ("*家具*台灯", "盏", "2", "132.745", "265.49", "13%", "34.51"),
    )
    totals(sheet, "¥2035.40", "¥264.60", "贰仟叁佰圆整", "¥2300.00")
    return sheet


def e_invoice_second() -> Sheet:
    """One line at 6 %: 849.06 and 50.94 make 900.00. The buyer is a person without a tax number."""
    sheet = invoice_form("26512000000360274918", "2026年10月29日")
    parties(sheet, ("温静", ""), (SELLER, SELLER_TAX))
    goods(sheet, ("*现代服务*上门安装费", "次", "3", "283.02", "849.06", "6%", "50.94"))
    totals(sheet, "¥849.06", "¥50.94", "玖佰圆整", "¥900.00")
    return sheet


def parties(sheet: Sheet, buyer: tuple[str, str], seller: tuple[str, str]) -> None:
    for x, (name, number) in ((80, buyer), (670, seller)):
        sheet.text(x, 156, "名称：" + name, 24)
        sheet.text(x, 210, "统一社会信用代码/纳税人识别号：" + number, 20)


def goods(sheet: Sheet, *rows: tuple[str, ...]) -> None:
    columns = (50, 400, 520, 640, 820, 960, 1100)
    heads = ("项目名称", "单位", "数量", "单价", "金额", "税率/征收率", "税额")
    for x, head in zip(columns, heads, strict=True):
        sheet.text(x, 270, head, 20, BROWN)
    for number, row in enumerate(rows):
        for x, cell in zip(columns, row, strict=True):
            sheet.text(x, 315 + number * 40, cell, 20)


def totals(sheet: Sheet, bare: str, tax: str, words: str, whole: str) -> None:
    sheet.text(150, 535, "合    计", 22, BROWN)
    sheet.text(820, 535, bare, 22)
    sheet.text(1100, 535, tax, 22)
    sheet.text(50, 595, "价税合计（大写）", 22, BROWN)
    sheet.text(400, 595, words, 22)
    sheet.text(820, 595, "（小写）" + whole, 22)


def train_ticket() -> Sheet:
    sheet = Sheet(1000, 620, (225, 238, 248))
    sheet.text(300, 30, "电子发票（铁路电子客票）", 34, RED, bold=True)
    sheet.text(40, 100, "发票号码：26339110380001736254", 24)
    sheet.text(960, 100, "开票日期：2026年11月08日", 24, right=True)
    sheet.text(90, 180, "宁波站", 44, bold=True)
    sheet.text(440, 180, "G7588", 44, bold=True)
    sheet.text(740, 180, "上海虹桥站", 44, bold=True)
    rows = (
        "2026年11月06日 14:27开   09车06F号   二等座",
        "票价：￥144.00",
        "3302031990****2415   陆遥",
        f"购买方名称：{BUYER}",
        f"统一社会信用代码：{BUYER_TAX}",
    )
    sheet.lines(40, 280, rows, 28, 58)
    return sheet


def receipt() -> Sheet:
    sheet = Sheet(560, 900)
    sheet.text(150, 30, "青禾生活馆", 40, bold=True)
    sheet.text(40, 100, "小票号 0031120846   收银员 05", 24)
    rows = [
        ("保温杯 500ml x1", "89.00"),
        ("玻璃饭盒三件套 x1", "64.90"),
        ("垃圾袋 x4", "31.60"),
        ("合计", "185.50"),
        ("会员优惠", "-12.00"),
        ("实收", "173.50"),
        ("微信支付", "173.50"),
        ("时间", "2026-11-14 19:26"),
    ]
    sheet.pairs(170, rows, 28, 74)
    sheet.text(150, 800, "凭小票 7 日内退换", 26, GREY)
    return sheet


def lease(version: int) -> Sheet:
    """The second version has a new clause four, another rent and another day of payment."""
    sheet = Sheet(1240, 1754)
    sheet.text(430, 80, "仓库租赁合同", 48, bold=True)
    rent, day = ("32,500.00", "5") if version == 1 else ("35,200.00", "10")
    clauses = [
        "第一条 甲方将余杭区仓前路 12 号 3 号库租给乙方存放家电。",
        "第二条 租期三年，自 2026 年 12 月 1 日起。",
        f"第三条 每月租金人民币 {rent} 元，乙方于每月 {day} 日前付清。",
        "第四条 甲方负责屋面防水与消防设施的检修。",
        "第五条 未经甲方书面同意，乙方不得转租。",
        "第六条 任何一方提前解约的，须提前 60 日书面通知。",
    ]
    if version == 2:
        clauses.insert(3, "补充条款 乙方另付押金人民币 65,000.00 元，期满无损退还。")
    sheet.lines(100, 220, clauses, 32, 110)
    sheet.text(100, 1100, "甲方（章）：杭州余仓物业有限公司", 30)
    sheet.text(100, 1180, "乙方（章）：成都蓝川家居有限公司", 30)
    return sheet


def delivery_note(page: int) -> Sheet:
    """Two scanned pages; the total stands on the second."""
    sheet = Sheet(1240, 1000)
    sheet.text(480, 60, "送 货 单", 48, bold=True)
    sheet.text(900, 140, f"第 {page} 页 共 2 页", 26, GREY)
    rows: tuple[str, ...]
    if page == 1:
        rows = (
            "送货单号：CK20261120-0087",
            "收货单位：苏州石禾文化传播有限公司",
            "加湿器 H3    20 台    单价 128.00    金额 2,560.00",
            "滤芯 F1      40 个    单价 18.50     金额 740.00",
        )
    else:
        rows = (
            "电风扇 W9    12 台    单价 99.00     金额 1,188.00",
            "合计金额：¥4,488.00",
            "送货日期：2026年11月20日    送货人：丁一",
        )
    sheet.lines(100, 220, rows, 32, 90)
    return sheet


OFD = "http://www.ofdspec.org/2016"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def invoice_xml() -> bytes:
    """A full-digital e-invoice in the tax office's XML, in short."""
    return (
        f"{DECLARATION}<EInvoice><Header><EIid>26442000000518830627</EIid></Header><EInvoiceData>"
        "<BasicInformation><TotalAmWithoutTax>530.97</TotalAmWithoutTax>"
        "<TotalTaxAm>69.03</TotalTaxAm>"
        "<TotalTax-includedAmount>600.00</TotalTax-includedAmount>"
        "<RequestTime>2026-11-12</RequestTime></BasicInformation>"
        f"<SellerInformation><SellerIdNum>{SELLER_TAX}</SellerIdNum>"
        f"<SellerName>{SELLER}</SellerName></SellerInformation>"
        f"<BuyerInformation><BuyerIdNum>{BUYER_TAX}</BuyerIdNum><BuyerName>{BUYER}</BuyerName>"
        "</BuyerInformation></EInvoiceData></EInvoice>"
    ).encode()


def invoice_ofd() -> bytes:
    """An OFD whose page holds the text of the invoice; a reader sees what a person sees."""
    rows = (
        "电子发票（普通发票）",
        "发票号码：26332000000740916385",
        "开票日期：2026年11月19日",
        f"购买方名称：{BUYER}",
        f"销售方名称：{SELLER}",
        "（小写）¥1280.00",
    )
    texts = "".join(
        f'<ofd:TextObject ID="{number + 3}" Boundary="20 {10 + number * 8} 150 6" Size="4">'
        f'<ofd:TextCode X="0" Y="4">{row}</ofd:TextCode></ofd:TextObject>'
        for number, row in enumerate(rows)
    )
    parts = {
        "OFD.xml": f'<ofd:OFD xmlns:ofd="{OFD}" Version="1.1" DocType="OFD"><ofd:DocBody>'
        "<ofd:DocInfo><ofd:DocID>sightdesk</ofd:DocID></ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f'<ofd:Document xmlns:ofd="{OFD}"><ofd:CommonData><ofd:PageArea>'
        "<ofd:PhysicalBox>0 0 210 140</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData><ofd:Pages>"
        '<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>',
        "Doc_0/Pages/Page_0/Content.xml": f'<ofd:Page xmlns:ofd="{OFD}"><ofd:Content>'
        f'<ofd:Layer ID="2">{texts}</ofd:Layer></ofd:Content></ofd:Page>',
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), DECLARATION + text)
    return made.getvalue()
