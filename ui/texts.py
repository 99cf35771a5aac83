"""Every sentence that the chat page itself says, in English and Chinese. Knows no conversation and no markup."""

from dataclasses import dataclass

ENGLISH = "en"
CHINESE = "zh"


@dataclass(frozen=True, slots=True)
class Texts:
    """The interface in one language; what stands in braces is filled by the page."""

    language: str
    bot_status: str
    queue_status: str
    agent_status: str
    greeting: str
    starters: str
    placeholder: str
    send: str
    person: str
    customer: str
    bot: str
    agent: str
    typing: str
    sources: str
    open_source: str
    approved: str
    helpful: str
    unhelpful: str
    comment: str
    comment_send: str
    thanks: str
    passage: str
    passage_gone: str
    close: str
    blank: str
    too_long: str
    bad_characters: str
    failure: str
    offline: str
    unsent: str
    cookies: str
    earlier: str
    other_language: str
    loading: str
    reply_failed: str
    retry: str
    closed_status: str
    team_here: str
    team_back: str
    team_away: str
    offline_until: str
    offline_ask: str
    email: str
    email_save: str
    email_kept: str
    email_change: str
    bad_email: str
    end: str
    end_question: str
    end_consequence: str
    end_keep: str
    ended: str
    rate: str
    ratings: tuple[str, str, str, str, str]
    restart: str
    minimise: str


_ENGLISH = Texts(
    language=ENGLISH,
    bot_status="Automated assistant",
    queue_status="Waiting for a person",
    agent_status="A person is with you",
    greeting="Hello! Ask me anything about your order or our services.",
    starters="People often ask",
    placeholder="Write a message",
    send="Send",
    person="Talk to a person",
    customer="You",
    bot="Assistant",
    agent="Support team",
    typing="The assistant is typing",
    sources="Sources",
    open_source="Open source {number}",
    approved="Approved by our team",
    helpful="This helped",
    unhelpful="This did not help",
    comment="Anything to add? (optional)",
    comment_send="Send",
    thanks="Thank you for telling us.",
    passage="Source",
    passage_gone="This article has changed since and its old text is no longer available.",
    close="Close",
    blank="Please write a message first.",
    too_long="That is longer than {limit} characters. Please shorten it; your text is still in the box.",
    bad_characters="The message has characters that cannot be sent. Please remove them; your text is still in the box.",
    failure="Something went wrong on our side. Please try again in a moment. Reference: {reference}",
    offline="The connection was lost. Trying again…",
    unsent="Your message has not arrived yet. Trying again…",
    cookies="This chat needs cookies to remember your conversation. Please allow them and reload the page.",
    earlier="Earlier messages are kept, but not shown here.",
    other_language="中文",
    loading="Loading",
    reply_failed="The assistant could not answer this message.",
    retry="Try again",
    closed_status="This chat has ended",
    team_here="Our team is here",
    team_back="Our team is back {opening}",
    team_away="Our team is away",
    offline_until="Our team is away until {opening}.",
    offline_ask="Leave your e-mail address and we will answer you there. You can also wait here.",
    email="Your e-mail address",
    email_save="Save",
    email_kept="We will answer to {email}.",
    email_change="Change the address",
    bad_email="Please enter an e-mail address such as name@example.com.",
    end="End chat",
    end_question="End this chat?",
    end_consequence="You can start a new one at any time.",
    end_keep="Keep chatting",
    ended="This chat has ended.",
    rate="How did we do?",
    ratings=("Very poor", "Poor", "Okay", "Good", "Very good"),
    restart="Start a new chat",
    minimise="Minimise chat",
)

_CHINESE = Texts(
    language=CHINESE,
    bot_status="智能客服",
    queue_status="正在等待人工客服",
    agent_status="人工客服正在为您服务",
    greeting="您好！关于订单或服务的问题，都可以问我。",
    starters="大家常问",
    placeholder="请输入消息",
    send="发送",
    person="转人工客服",
    customer="您",
    bot="智能客服",
    agent="人工客服",
    typing="正在输入",
    sources="来源",
    open_source="查看来源 {number}",
    approved="已由我们的团队审核",
    helpful="有帮助",
    unhelpful="没有帮助",
    comment="还有什么想说的吗？（选填）",
    comment_send="提交",
    thanks="感谢您的反馈。",
    passage="来源",
    passage_gone="这篇文章已更新，旧内容不再提供。",
    close="关闭",
    blank="请先输入消息。",
    too_long="消息超过了 {limit} 个字符，请缩短后再发送；您的内容仍在输入框中。",
    bad_characters="消息中含有无法发送的字符，请删除后再发送；您的内容仍在输入框中。",
    failure="抱歉，我们这边出了点问题，请稍后再试。参考编号：{reference}",
    offline="连接已断开，正在重试……",
    unsent="您的消息尚未送达，正在重试……",
    cookies="聊天需要使用 Cookie 来保存您的对话，请允许后刷新页面。",
    earlier="更早的消息已保存，但不在此处显示。",
    other_language="English",
    loading="正在加载",
    reply_failed="智能客服未能回答这条消息。",
    retry="重试",
    closed_status="对话已结束",
    team_here="人工客服在线",
    team_back="人工客服{opening}上线",
    team_away="人工客服目前不在线",
    offline_until="人工客服目前不在线，{opening}恢复服务。",
    offline_ask="请留下您的邮箱，我们会通过邮件回复您；您也可以在此等候。",
    email="您的邮箱",
    email_save="保存",
    email_kept="我们会回复到 {email}。",
    email_change="修改邮箱",
    bad_email="请输入有效的邮箱，例如 name@example.com。",
    end="结束对话",
    end_question="要结束这次对话吗？",
    end_consequence="您可以随时开始新的对话。",
    end_keep="继续对话",
    ended="对话已结束。",
    rate="您对这次服务满意吗？",
    ratings=("很不满意", "不满意", "一般", "满意", "非常满意"),
    restart="开始新对话",
    minimise="收起聊天",
)


def texts_for(language: str) -> Texts:
    """The interface texts of ``zh`` or, for anything else, English."""
    return _CHINESE if language == CHINESE else _ENGLISH


def choose_language(override: str | None, accept_language: str) -> str:
    """Pick the interface language.

    Args:
        override: what the visitor asked for (``?lang=`` or its cookie); counts when it is a language we speak.
        accept_language: the browser's header, by RFC 9110 section 12.5.4.

    Returns:
        ``en`` or ``zh``.
    """
    for tag in [override or "", *_by_preference(accept_language)]:
        primary = tag.lower().replace("_", "-").split("-")[0]
        if primary in {ENGLISH, CHINESE}:
            return primary
    return ENGLISH


def _by_preference(accept_language: str) -> list[str]:
    weighted: list[tuple[float, str]] = []
    for part in accept_language[:500].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weighted.append((float(quality or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]
