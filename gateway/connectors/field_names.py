"""What the fields of a reading are called, for arguments to which a connector gives no title.

A copy of the names in inference/lite/fields.yaml, which a test compares: the gateway runs without
the reader.
"""

from collections.abc import Mapping

FIELD_NAMES: Mapping[str, tuple[str, str]] = {  # (Chinese, English)
    "waybill_number": ("运单号", "waybill number"),
    "order_number": ("订单号", "order number"),
    "transaction_number": ("交易单号", "transaction number"),
    "invoice_number": ("发票号码", "invoice number"),
    "invoice_code": ("发票代码", "invoice code"),
    "contract_number": ("合同编号", "contract number"),
    "error_code": ("错误代码", "error code"),
    "stop_code": ("错误代码", "error code"),
    "tax_number": ("税号", "tax number"),
    "seller_tax_number": ("销售方税号", "seller's tax number"),
    "buyer_tax_number": ("购买方税号", "buyer's tax number"),
    "amount": ("金额", "amount"),
    "amount_without_tax": ("不含税金额", "amount without tax"),
    "tax_amount": ("税额", "tax"),
    "tax_rate": ("税率", "tax rate"),
    "seller": ("销售方", "seller"),
    "buyer": ("购买方", "buyer"),
    "bank_card": ("银行卡号", "bank card"),
    "date": ("日期", "date"),
    "status": ("状态", "status"),
    "carrier": ("承运商", "carrier"),
    "company": ("公司", "company"),
    "train_number": ("车次", "train number"),
    "phone": ("电话", "phone"),
    "id_card": ("证件号", "identity card"),
    "email": ("邮箱", "e-mail"),
    "url": ("网址", "address"),
    "error_text": ("提示", "message"),
    "event": ("物流记录", "tracking"),
    "item": ("明细", "item"),
}
