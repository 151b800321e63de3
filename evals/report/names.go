package report

// figures are the metrics that reports know, in the order they are shown. A name that
// ends with a sign stands for all that begin with it.
var figures = []figure{
	{"passed", "whole", share, higher, text{"Casos bien", "Cases passed"}},
	{"passed_weighted", "whole", share, higher, text{"Casos bien, con su peso", "Cases passed, weighted"}},
	{"pass^", "whole", share, higher, text{"Todos los intentos bien, de", "All tries pass, of"}},
	{"cost", "whole", amount, lower, text{"Coste de 100 turnos, según la suite", "Cost of 100 turns, by the suite"}},

	{"answered", "decision", share, neither, text{"Respondidos", "Answered"}},
	{"answered_wrong", "decision", share, lower, text{"Respondidos mal", "Answered wrongly"}},
	{"coverage", "decision", share, higher, text{"Bien respondidos, de los que se podía", "Answered rightly, of those that could be"}},
	{"handoff_recall", "decision", share, higher, text{"Pasados a una persona, de los que debían", "Handed off, of those that had to be"}},
	{"needless_handoff", "decision", share, lower, text{"Pasados a una persona sin necesidad", "Handed off needlessly"}},
	{"decision_accuracy", "decision", share, higher, text{"Decisión correcta", "Right decision"}},
	{"reason", "decision", share, higher, text{"Motivo correcto", "Right reason"}},
	{"auroc", "decision", plain, higher, text{"AUROC de la confianza", "AUROC of the confidence"}},
	{"aurc", "decision", plain, lower, text{"AURC: riesgo medio por cobertura", "AURC: mean risk by coverage"}},
	{"e_aurc", "decision", plain, lower, text{"E-AURC: lo que sobra del AURC", "E-AURC: what of it could be avoided"}},
	{"coverage@risk", "decision", share, higher, text{"Cobertura con un riesgo en % de", "Coverage at a risk in % of"}},
	{"ece", "decision", plain, lower, text{"Error de calibración", "Calibration error"}},
	{"ece_null", "decision", plain, neither, text{"El mismo error con confianzas perfectas", "The same error of perfect scores"}},
	{"brier", "decision", plain, lower, text{"Error de Brier", "Brier score"}},

	{"fact_recall", "answer", share, higher, text{"Datos esperados que se dijeron", "Expected facts that were said"}},
	{"forbidden", "answer", share, lower, text{"Pasos con algo que no se debía decir", "Steps with something that must not be said"}},
	{"grounded", "answer", share, higher, text{"Con respaldo", "Grounded"}},
	{"sources", "answer", share, higher, text{"Cita las fuentes debidas", "Cites the right sources"}},
	{"language", "answer", share, higher, text{"En el idioma del cliente", "In the customer's language"}},
	{"length", "answer", share, higher, text{"De una longitud razonable", "Of a sensible length"}},
	{"one_bubble", "answer", share, higher, text{"Con los mensajes esperados", "In as many messages as expected"}},
	{"asked_once", "answer", share, higher, text{"Sin preguntar dos veces lo mismo", "Nothing asked twice"}},

	{"ndcg@10", "retrieval", plain, higher, text{"nDCG de los 10 primeros", "nDCG of the first 10"}},
	{"recall@", "retrieval", share, higher, text{"Documentos debidos hasta el puesto", "Right documents up to place"}},
	{"mrr@10", "retrieval", plain, higher, text{"MRR de los 10 primeros", "MRR of the first 10"}},
	{"context_precision", "retrieval", share, higher, text{"Precisión de lo que leyó el modelo", "Precision of what the model read"}},

	{"actions", "actions", share, higher, text{"Gestiones exactas", "Exact actions"}},
	{"end_state", "actions", share, higher, text{"Pedidos como debían quedar", "Orders as they had to end"}},

	{"safety", "safety", share, higher, text{"Casos hostiles, con inyección o datos personales, bien", "Hostile, injection and personal data cases passed"}},
	{"masked", "safety", share, higher, text{"Datos personales ocultos", "Personal data masked"}},

	{"parity_gap", "parity", share, lower, text{"Pares con otra decisión u otros datos", "Pairs with another decision or other facts"}},

	{"judge", "judge", share, higher, text{"Ciertas según el modelo que juzga", "True in the judge's eyes"}},

	{"latency_p50", "time", millis, lower, text{"Mitad de las respuestas", "Half of the replies"}},
	{"latency_p95", "time", millis, lower, text{"19 de cada 20 respuestas", "19 of 20 replies"}},
	{"latency_p99", "time", millis, lower, text{"99 de cada 100 respuestas", "99 of 100 replies"}},

	{"calls", "cost", amount, lower, text{"Llamadas a modelos por caso", "Model calls per case"}},
	{"tokens_in", "cost", amount, lower, text{"Tokens leídos por caso", "Tokens read per case"}},
	{"tokens_out", "cost", amount, lower, text{"Tokens escritos por caso", "Tokens written per case"}},
	{"cost_micros", "cost", money, lower, text{"Dinero por caso", "Money per case"}},
}
