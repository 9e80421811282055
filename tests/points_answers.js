// What the page's steps make of cases: run by tests/test_points.py, in Node and in browsers.
globalThis.answerCases = (cases) => {
  const em = globalThis.emPoints;
  const refused = (action) => {
    try {
      return { done: action() };
    } catch (error) {
      return { component: error.component, reason: error.reason ?? error.message, message: error.message, advice: error.advice };
    }
  };
  // From the start by itself, as far as em_core came and one step more.
  const alone = (points, model, params, steps) => {
    for (let iteration = 1; iteration <= steps; iteration += 1) {
      const { done, ...refusal } = refused(() => em.mStep(points, em.eStep(points, params).responsibilities, model));
      if (!done) return { ...refusal, iteration };
      params = done;
    }
    return null;
  };
  return cases.map(({ points, model, states, steps }) => {
    const start = refused(() => em.checkCollapse(states[0].covariances, em.survey(points), (j) => em.causes(points, model.kind, null, j)));
    if (start.component !== undefined) return { states: [], collapse: { ...start, iteration: 0 } };
    const shared = em.eStep(points, states[0]).responsibilities;
    const { done } = refused(() => em.mStep(points, shared, model));
    return {
      collapse: alone(points, model, states[0], steps),
      responsibilities: shared.map((column) => [...column]),
      bound: done && em.lowerBound(points, done, shared),
      bic: em.bic(em.eStep(points, states[0]).logLikelihood, points.length, shared.length, model.kind),
      states: states.map((params) => {
        const { responsibilities, logLikelihood } = em.eStep(points, params);
        const next = refused(() => em.mStep(points, responsibilities, model)).done;
        return { logLikelihood, logPrior: em.logPrior(params, model), next };
      }),
    };
  });
};
