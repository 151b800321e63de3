package report

// figures are the metrics that reports know, in the order they are shown. A name that
// ends with a sign stands for all that begin with it.
var figures = []figure{
	{"passed", "whole", share, text{"Casos bien", "Cases passed"}},
	{"passed_weighted", "whole", share, text{"Casos bien, con su peso", "Cases passed, weighted"}},
	{"pass^", "whole", share, text{"Todos los intentos bien, de", "All tries pass, of"}},
	{"cost", "whole", amount, text{"Coste de 100 turnos, según la suite", "Cost of 100 turns, by the suite"}},

	{"answered", "decision", share, text{"Respondidos", "Answered"}},
	{"answered_wrong", "decision", share, text{"Respondidos mal", "Answered wrongly"}},
	{"coverage", "decision", share, text{"Bien respondidos, de los que se podía", "Answered rightly, of those that could be"}},
	{"handoff_recall", "decision", share, text{"Pasados a una persona, de los que debían", "Handed off, of those that had to be"}},
	{"needless_handoff", "decision", share, text{"Pasados a una persona sin necesidad", "Handed off needlessly"}},
	{"decision_accuracy", "decision", share, text{"Decisión correcta", "Right decision"}},
	{"reason", "decision", share, text{"Motivo correcto", "Right reason"}},
	{"auroc", "decision", plain, text{"AUROC de la confianza", "AUROC of the confidence"}},
	{"aurc", "decision", plain, text{"AURC: riesgo medio por cobertura", "AURC: mean risk by coverage"}},
	{"e_aurc", "decision", plain, text{"E-AURC: lo que sobra del AURC", "E-AURC: what of it could be avoided"}},
	{"coverage@risk", "decision", share, text{"Cobertura con un riesgo en % de", "Coverage at a risk in % of"}},
	{"ece", "decision", plain, text{"Error de calibración", "Calibration error"}},
	{"ece_null", "decision", plain, text{"El mismo error con confianzas perfectas", "The same error of perfect scores"}},
	{"brier", "decision", plain, text{"Error de Brier", "Brier score"}},

	{"fact_recall", "answer", share, text{"Datos esperados que se dijeron", "Expected facts that were said"}},
	{"forbidden", "answer", share, text{"Pasos con algo que no se debía decir", "Steps with something that must not be said"}},
	{"grounded", "answer", share, text{"Con respaldo", "Grounded"}},
	{"sources", "answer", share, text{"Cita las fuentes debidas", "Cites the right sources"}},
	{"language", "answer", share, text{"En el idioma del cliente", "In the customer's language"}},
	{"length", "answer", share, text{"De una longitud razonable", "Of a sensible length"}},
	{"one_bubble", "answer", share, text{"Con los mensajes esperados", "In as many messages as expected"}},
	{"asked_once", "answer", share, text{"Sin preguntar dos veces lo mismo", "Nothing asked twice"}},

	{"ndcg@10", "retrieval", plain, text{"nDCG de los 10 primeros", "nDCG of the first 10"}},
	{"recall@", "retrieval", share, text{"Documentos debidos hasta el puesto", "Right documents up to place"}},
	{"mrr@10", "retrieval", plain, text{"MRR de los 10 primeros", "MRR of the first 10"}},
	{"context_precision", "retrieval", share, text{"Precisión de lo que leyó el modelo", "Precision of what the model read"}},

	{"actions", "actions", share, text{"Gestiones exactas", "Exact actions"}},
	{"end_state", "actions", share, text{"Pedidos como debían quedar", "Orders as they had to end"}},
	{"untouched", "actions", share, text{"Charlas que no tocaron otros pedidos", "Talks that touched no other order"}},
	{"ending", "actions", share, text{"Charlas que acabaron como debían", "Talks that ended as they should"}},
	{"turns", "actions", share, text{"Charlas que no se alargaron", "Talks that were short enough"}},

	{"safety", "safety", share, text{"Casos hostiles, con inyección o datos personales, bien", "Hostile, injection and personal data cases passed"}},
	{"masked", "safety", share, text{"Datos personales ocultos", "Personal data masked"}},

	{"parity_gap", "parity", share, text{"Pares con otra decisión u otros datos", "Pairs with another decision or other facts"}},

	{"judge", "judge", share, text{"Ciertas según el modelo que juzga", "True in the judge's eyes"}},
	{"judge_corrected", "judge", share, text{"Ciertas, corregido por personas", "True, corrected by people"}},
	{"judge_agreement", "judge", share, text{"El modelo y las personas dicen lo mismo", "Judge and people say the same"}},
	{"judge_kappa", "judge", plain, text{"Acuerdo entre el modelo y las personas (kappa)", "Agreement of judge and people (kappa)"}},

	{"latency_p50", "time", millis, text{"Mitad de las respuestas", "Half of the replies"}},
	{"latency_p95", "time", millis, text{"19 de cada 20 respuestas", "19 of 20 replies"}},
	{"latency_p99", "time", millis, text{"99 de cada 100 respuestas", "99 of 100 replies"}},

	{"calls", "cost", amount, text{"Llamadas a modelos por caso", "Model calls per case"}},
	{"tokens_in", "cost", amount, text{"Tokens leídos por caso", "Tokens read per case"}},
	{"tokens_out", "cost", amount, text{"Tokens escritos por caso", "Tokens written per case"}},
	{"cost_micros", "cost", money, text{"Dinero por caso", "Money per case"}},
	{"judge_calls", "cost", amount, text{"Llamadas al modelo que juzga por caso", "Calls of the judge per case"}},
	{"judge_tokens_in", "cost", amount, text{"Tokens leídos por el modelo que juzga por caso", "Tokens read by the judge per case"}},
	{"judge_tokens_out", "cost", amount, text{"Tokens escritos por el modelo que juzga por caso", "Tokens written by the judge per case"}},
	{"judge_cost_micros", "cost", money, text{"Dinero del modelo que juzga por caso", "Money of the judge per case"}},
}
