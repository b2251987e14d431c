#!/usr/bin/env python3
"""Makes objects of the classes that people save, with the real libraries, and saves each in every way that fits it.

Run with an interpreter that has the libraries (Debian's): library_objects.py FOLDER
Prints JSON: [{"name", "library", "class", "files": {route: file in FOLDER}}], where a route is a pickle protocol (`0` to
`5`), `joblib`, `torch`, or `torch-legacy`: by torch, as before 1.6. Nothing is read back here.
"""

import io
import json
import pathlib
import pickle
import sys
import warnings

warnings.filterwarnings("ignore")


def sklearn_objects():
    import numpy as np
    from sklearn import (
        cluster,
        compose,
        covariance,
        cross_decomposition,
        decomposition,
        discriminant_analysis,
        dummy,
        ensemble,
        feature_extraction,
        feature_selection,
        gaussian_process,
        impute,
        isotonic,
        kernel_approximation,
        kernel_ridge,
        linear_model,
        manifold,
        mixture,
        model_selection,
        multiclass,
        naive_bayes,
        neighbors,
        neural_network,
        pipeline,
        preprocessing,
        random_projection,
        svm,
        tree,
    )

    random = np.random.RandomState(0)
    X = np.abs(random.randn(40, 4))
    y = (X[:, 0] > X[:, 1]).astype(int)
    r = X[:, 0] * 2 + X[:, 1]
    texts = ["one two six", "two six ten", "one one ten", "six ten two"] * 10
    fitted = [
        linear_model.LogisticRegression(),
        linear_model.LogisticRegressionCV(cv=2),
        linear_model.LinearRegression(),
        linear_model.Ridge(),
        linear_model.RidgeCV(),
        linear_model.RidgeClassifier(),
        linear_model.Lasso(),
        linear_model.LassoCV(cv=2),
        linear_model.ElasticNet(),
        linear_model.SGDClassifier(),
        linear_model.Perceptron(),
        linear_model.PassiveAggressiveClassifier(),
        linear_model.BayesianRidge(),
        svm.SVC(),
        svm.LinearSVC(),
        svm.OneClassSVM(),
        tree.DecisionTreeClassifier(),
        ensemble.RandomForestClassifier(n_estimators=3),
        ensemble.ExtraTreesClassifier(n_estimators=3),
        ensemble.GradientBoostingClassifier(n_estimators=3),
        ensemble.HistGradientBoostingClassifier(max_iter=3),
        ensemble.AdaBoostClassifier(n_estimators=3),
        ensemble.BaggingClassifier(n_estimators=3),
        ensemble.IsolationForest(n_estimators=3),
        ensemble.VotingClassifier([("a", linear_model.LogisticRegression()), ("b", naive_bayes.GaussianNB())]),
        ensemble.StackingClassifier([("a", linear_model.LogisticRegression()), ("b", naive_bayes.GaussianNB())]),
        naive_bayes.GaussianNB(),
        naive_bayes.MultinomialNB(),
        naive_bayes.BernoulliNB(),
        neighbors.KNeighborsClassifier(),
        neighbors.KNeighborsClassifier(metric="manhattan"),
        neighbors.NearestNeighbors(),
        neighbors.KernelDensity(),
        neighbors.LocalOutlierFactor(novelty=True),
        neural_network.MLPClassifier(max_iter=5),
        discriminant_analysis.LinearDiscriminantAnalysis(),
        discriminant_analysis.QuadraticDiscriminantAnalysis(),
        gaussian_process.GaussianProcessClassifier(),
        gaussian_process.GaussianProcessRegressor(),
        cluster.KMeans(n_clusters=2, n_init=1),
        cluster.MiniBatchKMeans(n_clusters=2, n_init=1),
        cluster.DBSCAN(),
        cluster.AgglomerativeClustering(),
        cluster.Birch(n_clusters=2),
        mixture.GaussianMixture(2),
        mixture.BayesianGaussianMixture(n_components=2),
        decomposition.PCA(2),
        decomposition.TruncatedSVD(2),
        decomposition.NMF(2),
        decomposition.FastICA(2),
        decomposition.KernelPCA(2),
        decomposition.LatentDirichletAllocation(2, max_iter=2),
        manifold.TSNE(n_iter=250, perplexity=5),
        manifold.Isomap(),
        preprocessing.StandardScaler(),
        preprocessing.MinMaxScaler(),
        preprocessing.RobustScaler(),
        preprocessing.OneHotEncoder(),
        preprocessing.OrdinalEncoder(),
        preprocessing.PolynomialFeatures(),
        preprocessing.QuantileTransformer(n_quantiles=10),
        preprocessing.PowerTransformer(),
        preprocessing.KBinsDiscretizer(),
        preprocessing.Normalizer(),
        preprocessing.FunctionTransformer(np.log1p),
        feature_selection.SelectKBest(k=2),
        feature_selection.VarianceThreshold(),
        feature_selection.RFE(linear_model.LogisticRegression(), n_features_to_select=2),
        feature_selection.SelectFromModel(linear_model.LogisticRegression()),
        impute.SimpleImputer(),
        impute.KNNImputer(),
        covariance.EmpiricalCovariance(),
        covariance.EllipticEnvelope(),
        cross_decomposition.PLSRegression(),
        kernel_ridge.KernelRidge(),
        kernel_approximation.Nystroem(n_components=5),
        kernel_approximation.RBFSampler(),
        random_projection.GaussianRandomProjection(2),
        dummy.DummyClassifier(),
        multiclass.OneVsRestClassifier(linear_model.LogisticRegression()),
        model_selection.GridSearchCV(linear_model.LogisticRegression(), {"C": [1, 2]}, cv=2),
        pipeline.Pipeline([("scale", preprocessing.StandardScaler()), ("model", linear_model.LogisticRegression())]),
        pipeline.FeatureUnion([("a", decomposition.PCA(1)), ("b", preprocessing.StandardScaler())]),
        compose.ColumnTransformer([("a", preprocessing.StandardScaler(), [0, 1])]),
        compose.TransformedTargetRegressor(linear_model.LinearRegression()),
    ]
    for estimator in fitted:
        target = r if type(estimator).__name__.endswith(("Regressor", "Regression")) and "Logistic" not in type(estimator).__name__ else y
        yield "sklearn", estimator.fit(X, target)
    yield "sklearn", isotonic.IsotonicRegression().fit(X[:, 0], r)
    for transformer in (
        feature_extraction.text.CountVectorizer(),
        feature_extraction.text.TfidfVectorizer(),
        feature_extraction.text.HashingVectorizer(),
    ):
        yield "sklearn", transformer.fit(texts)
    yield "sklearn", feature_extraction.text.TfidfTransformer().fit(feature_extraction.text.CountVectorizer().fit_transform(texts))
    yield "sklearn", feature_extraction.DictVectorizer().fit([{"a": 1, "b": "x"}])
    yield "sklearn", preprocessing.LabelEncoder().fit(["a", "b"])
    yield "sklearn", preprocessing.LabelBinarizer().fit(["a", "b", "c"])
    yield "sklearn", preprocessing.MultiLabelBinarizer().fit([["a"], ["b"]])


def torch_objects():
    import torch
    from torch import nn

    modules = [
        nn.Linear(2, 2),
        nn.Conv2d(1, 1, 1),
        nn.ConvTranspose2d(1, 1, 1),
        nn.BatchNorm2d(1),
        nn.LayerNorm(2),
        nn.GroupNorm(1, 2),
        nn.Embedding(2, 2),
        nn.EmbeddingBag(2, 2),
        nn.LSTM(2, 2),
        nn.GRU(2, 2),
        nn.LSTMCell(2, 2),
        nn.Dropout(),
        nn.ReLU(),
        nn.GELU(),
        nn.PReLU(),
        nn.Softmax(dim=1),
        nn.Sequential(nn.Linear(2, 2), nn.ReLU()),
        nn.ModuleList([nn.Linear(1, 1)]),
        nn.ModuleDict({"a": nn.Linear(1, 1)}),
        nn.ParameterList([nn.Parameter(torch.zeros(1))]),
        nn.MultiheadAttention(2, 1),
        nn.TransformerEncoderLayer(2, 1, 2),
        nn.TransformerEncoder(nn.TransformerEncoderLayer(2, 1, 2), 1),
        nn.Transformer(2, 1, 1, 1, 2),
        nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Upsample(scale_factor=2),
        nn.CrossEntropyLoss(),
        nn.MSELoss(),
        nn.Bilinear(1, 1, 1),
        nn.Flatten(),
        nn.PixelShuffle(2),
    ]
    for module in modules:
        yield "torch", module
    model = nn.Linear(2, 2)
    for optimizer in (
        torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        torch.optim.Adam(model.parameters()),
        torch.optim.AdamW(model.parameters()),
        torch.optim.RMSprop(model.parameters()),
        torch.optim.Adagrad(model.parameters()),
    ):
        model(torch.zeros(1, 2)).sum().backward()
        optimizer.step()
        yield "torch", optimizer
    yield "torch", torch.optim.lr_scheduler.StepLR(optimizer, 1)
    yield "torch", torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 2)
    yield "torch", torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    yield "torch", torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=5, cycle_momentum=False)


def numpy_objects():
    import joblib
    import numpy as np

    yield "numpy", np.arange(4.0)
    yield "numpy", np.array(["a", None], dtype=object)
    yield "numpy", np.ma.array([1.0, 2.0], mask=[0, 1])
    yield "numpy", np.matrix([[1.0]])
    yield "numpy", np.random.RandomState(0)
    yield "numpy", np.random.default_rng(0)
    yield "numpy", np.poly1d([1.0, 2.0])
    yield "numpy", np.polynomial.Polynomial([1.0, 2.0])
    yield "joblib", joblib.Memory(None)
    yield "joblib", joblib.logger.Logger()


def other_objects():
    import networkx as nx
    import nltk
    import numpy as np
    import pandas as pd
    import scipy.integrate
    import scipy.sparse
    import statsmodels.api as sm
    import xgboost
    from gensim import corpora, models

    yield "pandas", pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    yield "pandas", pd.Series([1.0, 2.0])
    yield "pandas", pd.Index(["a"])
    yield (
        "pandas",
        pd.DataFrame(
            {"a": pd.array([1, None], dtype="Int64"), "b": pd.array(["a", None], dtype="string"), "c": pd.to_timedelta([1, 2])},
            index=pd.date_range("2000-01-01", periods=2, tz="UTC"),
        ),
    )

    texts = [["a", "b", "c"], ["b", "c", "d"], ["a", "d", "e"]] * 5
    dictionary = corpora.Dictionary(texts)
    corpus = [dictionary.doc2bow(text) for text in texts]
    yield "gensim", dictionary
    yield "gensim", models.Word2Vec(texts, vector_size=4, min_count=1)
    yield "gensim", models.Word2Vec(texts, vector_size=4, min_count=1).wv
    yield "gensim", models.FastText(texts, vector_size=4, min_count=1, bucket=10)
    yield "gensim", models.Doc2Vec([models.doc2vec.TaggedDocument(text, [i]) for i, text in enumerate(texts)], vector_size=4, min_count=1)
    yield "gensim", models.TfidfModel(corpus)
    yield "gensim", models.LsiModel(corpus, id2word=dictionary, num_topics=2)
    yield "gensim", models.LdaModel(corpus, id2word=dictionary, num_topics=2)
    yield "gensim", models.Phrases(texts, min_count=1)

    yield "networkx", nx.path_graph(3)
    yield "networkx", nx.DiGraph([(1, 2)])
    yield "networkx", nx.MultiGraph([(1, 2)])

    yield "scipy", scipy.sparse.csr_matrix(np.eye(2))
    yield "scipy", scipy.sparse.coo_matrix(np.eye(2))
    yield "scipy", scipy.integrate.solve_ivp(lambda t, y: -y, (0, 1), [1.0])

    classifier = xgboost.XGBClassifier(n_estimators=2)
    yield "xgboost", classifier.fit(np.eye(4), np.array([0, 1, 0, 1]))
    yield "xgboost", classifier.get_booster()

    yield "nltk", nltk.FreqDist("aab")
    yield "nltk", nltk.UnigramTagger([[("a", "X"), ("b", "Y")]])
    yield "nltk", nltk.NaiveBayesClassifier.train([({"a": 1}, "x"), ({"a": 2}, "y")])
    yield "nltk", nltk.RegexpTagger([("a", "X")])
    yield "nltk", nltk.PorterStemmer()

    X, y = np.random.RandomState(0).randn(20, 2), np.arange(20.0)
    yield "statsmodels", sm.OLS(y, X).fit()
    yield "statsmodels", sm.GLM(y, X).fit()
    yield "statsmodels", sm.OLS(y, X)
    yield "statsmodels", sm.Poisson(y, X).fit(disp=0)
    yield "statsmodels", sm.tsa.AutoReg(y, 1).fit()


def routes(value, library):
    """The ways in which a value is saved, each with the bytes of the file; what a library cannot save a way is left out."""
    import joblib

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield str(protocol), lambda file, protocol=protocol: pickle.dump(value, file, protocol)
    if library == "torch":
        import torch

        yield "torch", lambda file: torch.save(value, file)
        yield "torch-legacy", lambda file: torch.save(value, file, _use_new_zipfile_serialization=False)
    else:
        yield "joblib", lambda file: joblib.dump(value, file)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    objects = []
    seen = {}
    for source in (sklearn_objects, torch_objects, numpy_objects, other_objects):
        for library, value in source():
            class_ = f"{type(value).__module__}.{type(value).__qualname__}"
            seen[class_] = seen.get(class_, 0) + 1
            name = f"{class_}#{seen[class_]}"
            files = {}
            for route, save in routes(value, library):
                buffer = io.BytesIO()
                try:
                    save(buffer)
                except (pickle.PicklingError, TypeError, AttributeError):
                    continue
                files[route] = f"{name}.{route}"
                (folder / files[route]).write_bytes(buffer.getvalue())
            objects.append({"name": name, "library": library, "class": class_, "files": files})
    json.dump(objects, sys.stdout, indent=1)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
