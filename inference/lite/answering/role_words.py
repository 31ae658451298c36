"""The parties of a paper: by which words people ask for one, and behind which labels one stands."""

import re
from typing import NamedTuple


class Role(NamedTuple):
    """`asks` is searched in a question, `label` is matched with a whole label without marks, and
    `said` finds the party in a sentence: `name` begins with a Chinese family name, any other group
    is taken as it is."""

    key: str
    zh: str
    en: str
    asks: "re.Pattern[str]"
    label: "re.Pattern[str]"
    said: "re.Pattern[str] | None" = None


HAN = r"[\u3400-\u9fff·]"
WHO = r"谁(?:来|去|给我|帮我|替我|给|帮)?"
# 派件员【罗志强 153****8206】, 快递员:张伟, the courier (Ann Lee)
BEHIND = rf"\s?[【\[“(（:：]{{0,2}}\s?(?P<name>{HAN}{{2,4}}?)(?=[\s`*\d】\])）,，。(（]|$)"
# (key, Chinese name, English name, how it is asked for, labels, sentences)
TABLE = (
    (
        "courier",
        "派件员",
        "courier",
        rf"派[件送]员|快递员|快递小?哥|骑手|配送员|送货员|{WHO}(?:派|配?送)(?:的|了|来|过来)"
        r"|\bwho (?:delivered|brought|dropped)\b|\b(?:courier|rider|delivery (?:man|driver|person))(?:'s)? (?:name|phone|number)",
        r"派[件送](?:员|人)|快递员|骑手|配送(?:员|人)|送货(?:员|人)|业务员|courier|deliveredby|rider",
        rf"(?:派[件送]员|快递员|骑手|配送员|送货员){BEHIND}"
        r"|\b(?:courier|rider)\W{1,2}(?P<latin>[A-Z][\w.]{0,15}(?: [A-Z][\w.]{1,15}){1,2})",
    ),
    (
        "collector",
        "揽收员",
        "person who picked it up",
        rf"揽[收件]员|取件员|收件员|{WHO}(?:上门)?(?:揽|取)(?:收|件)?(?:的|了|走)|\bwho (?:collected|picked)\b",
        r"揽[收件](?:员|人)|取件(?:员|人)|收件员|(?:pickedup|collected)by",
        rf"(?:揽[收件]员|取件员|收件员|业务员){BEHIND}",
    ),
    (
        "driver",
        "司机",
        "driver",
        rf"司机|驾驶员|{WHO}[开拉]的?[车货]|\bwho drove\b|\bdriver\b",
        r"(?:司机|驾驶员)(?:姓名)?(?:/?车牌?号?)?|driver(?:name)?",
        rf"(?:司机|驾驶员){BEHIND}",
    ),
    (
        "payee",
        "收款方",
        "payee",
        rf"收款(?:人|方(?!式))|(?:打|转|付|汇|交)(?:款|钱|账)?(?:给|到)了?(?:谁|哪)|{WHO}收(?:的|了|到|走)?(?:钱|款)|[钱款][^?？,，。]{{0,4}}给了?(?:谁|哪)"
        r"|\bpayee\b|\bbeneficiary\b|\bwho(?:m)? (?:did|have|was|is|were)\b.{0,24}\b(?:pay|paid|transfer|money)"
        r"|\bwho (?:got|received) the (?:money|payment)",
        r"收款(?:人|方|单位|账户)?(?:全称|户名|名称|姓名|名)?|对方(?:户名|姓名|账户名?|名称)?|商户(?:全称|名称)?"
        r"|(?:payee|beneficiary)(?:'s)?(?:name)?|(?:paid|sent)to|merchant",
        None,
    ),
    (
        "payer",
        "付款方",
        "payer",
        rf"付款(?:人|方(?!式))|汇款人|{WHO}(?:付|打|转|汇)(?:的|了|来|过来)+(?:钱|款|账)|[钱款][^?？,，。]{{0,3}}谁[付打转汇]|\bpayer\b|\bremitter\b"
        r"|\bwho (?:paid|sent the (?:money|payment))\b(?! for)",
        r"(?:付款|汇款)(?:人|方|单位|账户)?(?:全称|户名|名称|姓名|名)?|转出方|(?:payer|remitter)(?:'s)?(?:name)?|orderingcustomer",
        None,
    ),
    (
        "signer",
        "签收人",
        "person who signed for it",
        rf"{WHO}代?(?:签收?|收)(?:的|了|走)|{WHO}签的?字|(?:签收|代收|验收)人|\bwho (?:signed|received|accepted|took)\b|\bsigned (?:for )?by whom",
        r"签收人?|代收人|收(?:件|货)人?签[字名章]|验收人?|领取人|签字人|signed(?:for)?by|signature|receivedby|acceptedby",
        r"(?:由|被)\s?[【\[“]?(?P<any>[^【】\[\]“”，,。由被]{2,20}?)[】\]”]?\s?(?:代?签收|代收)"
        rf"|签收人?(?:为|是|[:：])?{BEHIND}"
        r"|(?:签收|代收)[，,]\s?(?P<self>本人|家人|同事|门卫|前台)"
        r"|\b(?:signed(?: for)?|received|accepted) by:? (?P<latin>[A-Za-z][\w. ]{1,30})",
    ),
    (
        "receiver",
        "收件人",
        "recipient",
        r"收(?:件|货)(?:人|方)|收方|寄给谁|(?:寄|送|发)(?:到|去|往)(?:哪|什么地方|谁)"
        r"|\brecipient\b|\bconsignee\b|\baddressee\b|\bwho is (?:it|this) (?:addressed )?(?:to|for)\b"
        r"|\b(?:where|which (?:city|town|place|state))\b.{0,24}\b(?:going|sent to|shipped to|addressed to)\b",
        r"收(?:件|货)(?:人|方)(?:姓名|名称)?|shipto|deliver(?:ed)?to|consignee|recipient|receiver",
        None,
    ),
    (
        "sender",
        "寄件人",
        "sender",
        rf"[寄发]件(?:人|方)|发货(?:人|方)|寄方|{WHO}[寄发](?:来|出|过来|货)?的|哪[^?？,，。]{{0,5}}[寄发](?:过|出)?来?(?:的|货)"
        r"|\bsender\b|\bshipper\b|\bwho (?:sent|shipped)\b|\b(?:sent|shipped|come|came) from\b",
        r"(?:寄件|发件|发货)(?:人|方)(?:姓名|名称)?|sender|shipper|shipfrom|sentby|shippedby",
        None,
    ),
    (
        "cashier",
        "收银员",
        "cashier",
        rf"收银员?|{WHO}(?:收的银|结的账)|\bcashier\b|\bwho rang\b",
        r"收银员?|cashier|servedby|operator",
        None,
    ),
    (
        "installer",
        "安装人员",
        "installer",
        rf"安装(?:师傅|人员?|工人?)|{WHO}(?:上门)?安?装的|\binstaller\b|\bwho (?:installed|fitted)\b",
        r"安装(?:师傅|人员?|工人?)|installer|(?:installed|fitted)by",
        None,
    ),
    (
        "repairer",
        "维修人员",
        "technician",
        rf"维修(?:师傅|人员?|工程师|技师)|{WHO}(?:上门)?维?修的|\btechnician\b|\bwho (?:repaired|fixed)\b",
        r"(?:维修|检修|服务)(?:师傅|人员?|工程师|技师|员)|technician|engineer|(?:repaired|fixed)by",
        None,
    ),
    (
        "clerk",
        "制单人",
        "clerk",
        rf"(?:制|开)单(?:人|员)|开票(?:人|员)|{WHO}[制开]的?[单票]|\bwho (?:prepared|drew up|issued) (?:the|this) (?:note|slip|list)\b|\bprepared by\b",
        r"[制开]单(?:人|员)?|开票(?:人|员)|preparedby|issuedby",
        None,
    ),
    (
        "checker",
        "复核人",
        "checker",
        rf"复核(?:人|员)|审核(?:人|员)|{WHO}[复审]核的|\bwho (?:checked|approved)\b|\b(?:checked|approved) by\b",
        r"复核(?:人|员)?|审核(?:人|员)?|(?:checked|approved|verified)by",
        None,
    ),
    (
        "handler",
        "经办人",
        "handler",
        rf"经办(?:人|员)|{WHO}(?:经手|经办|办)的|\bwho handled\b|\bhandled by\b",
        r"经办(?:人|员)?|经手人|handledby",
        None,
    ),
    (
        "storekeeper",
        "仓库人员",
        "storekeeper",
        rf"仓管|库管|仓库(?:的?人|员)|{WHO}(?:从?仓库)?(?:出的库|配的货|发的货)|\bwho (?:packed|picked the)\b|\bpacked by\b",
        r"仓库(?:员|管理员)?|仓管员?|库管员?|保管员?|发货(?:员|人)|packedby",
        None,
    ),
)
ROLES = tuple(
    Role(
        key,
        zh,
        en,
        re.compile(asks, re.IGNORECASE),
        re.compile(label),
        re.compile(said) if said else None,
    )
    for key, zh, en, asks, label, said in TABLE
)
BY_KEY = {role.key: role for role in ROLES}
# Whoever took the goods of a delivery note. On a parcel or an order these are the addressee.
TOOK = re.compile(r"(?:收货|接收)(?:人|员)(?:签[字名章])?")
# Family names, the frequent ones, by which a name is known that stands right behind its label.
SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁韦昌马苗"
    "凤花俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于傅皮卞齐康伍余元卜顾孟平黄穆萧尹姚邵湛汪祁毛禹狄"
    "米贝明臧戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万"
    "支柯管卢莫房缪解应宗丁宣邓郁单杭洪包诸左石崔吉龚程嵇邢裴陆荣翁荀羊甄曲封储靳段富巫焦巴牧隗谷车侯宓蓬全"
    "班仰秋仲伊宁仇栾暴甘厉戎祖武符刘景詹束龙叶幸司韶黎印白怀蒲卓蔺屠蒙池乔阴胥苍闻莘党翟谭贡劳姬申扶冉桑桂"
    "牛寿通边燕冀尚农温庄晏柴瞿阎连习艾容向古易廖居衡步耿满匡国文寇广欧沃利蔚越师巩聂晁勾敖融冷辛简饶沙鞠丰"
    "关相查荆游权盖益桓公闫覃辜肖付代涂岳帅佟佘原邝"
)
