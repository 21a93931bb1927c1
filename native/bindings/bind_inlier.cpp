#include <cerrno>
#include <memory>
#include <string>

#include "arguments.hpp"
#include "topics.hpp"

namespace asd::bindings {
namespace {

using std::int64_t;

class InlierModel {
public:
    explicit InlierModel(const py::object &source) {
        asd_inlier *made = nullptr;
        if (PyBytes_Check(source.ptr()))
            raise_for(create(source, &made));
        else
            open(source, &made);
        handle_.reset(made);
        raise_for(asd_inlier_describe(made, &description_));
    }

    const char *kind() const { return is_knn() ? "MahalanobisKNN" : "GaussianMixtureInlier"; }
    int64_t dimensions() const { return description_.dimensions; }
    py::object vectors() const { return of_kind(is_knn(), description_.vectors); }
    py::object neighbours() const { return of_kind(is_knn(), description_.neighbours); }
    py::object components() const { return of_kind(!is_knn(), description_.components); }

    std::string text() const {
        const std::string chosen = is_knn() ? "neighbours=" + std::to_string(description_.neighbours)
                                            : "components=" + std::to_string(description_.components);
        return "<asd_native.InlierModel: " + std::string(kind()) + ", " + chosen + ", dimensions=" +
               std::to_string(dimensions()) + ">";
    }

    py::array_t<double> anomaly_score(const py::object &queries, const py::object &threads, const py::object &out) const {
        const Input values = to_input(queries, "queries", {ASD_FLOAT32, ASD_FLOAT64}, "pass queries.astype(np.float32)");
        if (values.dense.ndim() != 2)
            raise_shape("queries", "(N, D)", values.original, "for one embedding pass queries[None, :]");
        asd_score_options options = ASD_SCORE_OPTIONS_INIT;
        options.value_type = values.type;
        options.threads = to_threads(threads);
        const int64_t count = values.dim(0), width = values.dim(1);
        raise_for(asd_inlier_score(handle_.get(), nullptr, 0, width, &options, nullptr));
        auto scores = to_output<double>(out, {count}, {&values});
        const void *data = values.data();
        double *target = scores.mutable_data();
        asd_status status;
        {
            const py::gil_scoped_release released;
            status = asd_inlier_score(handle_.get(), data, count, width, &options, target);
        }
        raise_for(status);
        return scores;
    }

private:
    bool is_knn() const { return description_.kind == ASD_INLIER_KNN; }
    static py::object of_kind(bool right, int64_t value) { return right ? py::object(py::int_(value)) : py::none(); }

    static asd_status create(const py::object &source, asd_inlier **made) {
        const char *bytes = PyBytes_AS_STRING(source.ptr());
        const auto size = static_cast<int64_t>(PyBytes_GET_SIZE(source.ptr()));
        const py::gil_scoped_release released;
        return asd_inlier_create(bytes, size, made);
    }

    static void open(const py::object &source, asd_inlier **made) {
        PyObject *encoded = nullptr;
        if (!PyUnicode_FSConverter(source.ptr(), &encoded)) throw py::error_already_set();
        const auto path = py::reinterpret_steal<py::bytes>(encoded);
        asd_status status;
        int error;
        {
            const py::gil_scoped_release released;
            status = asd_inlier_open(PyBytes_AS_STRING(path.ptr()), made);
            error = errno;
        }
        if (status != ASD_FILE_FAILED) return raise_for(status);
        errno = error;
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, source.ptr());
        throw py::error_already_set();
    }

    struct Destroy {
        void operator()(asd_inlier *handle) const { asd_inlier_destroy(handle); }
    };
    std::unique_ptr<asd_inlier, Destroy> handle_;
    asd_inlier_description description_ = ASD_INLIER_DESCRIPTION_INIT;
};

}  // namespace

void bind_inlier(py::module_ &module) {
    using namespace py::literals;
    py::class_<InlierModel>(module, "InlierModel", R"(A model fitted by asd-inlier, for scoring only; needs neither scikit-learn nor FAISS.

May be used by several threads at once.
)")
        .def(py::init<const py::object &>(), "source"_a, py::pos_only(), R"(Load what asd_inlier.save_inlier_model wrote.

Args:
    source: path of the file, which is mapped into memory and must not be changed in place while the model lives (asd-inlier
        replaces files by renaming, which is safe); or bytes, which are copied.

Raises:
    TypeError: if source is neither a path nor bytes.
    OSError: if there is no such file, or it cannot be read.
    ValueError: if it is not an inlier model, is damaged, or was written by a newer version.
)")
        .def_property_readonly("kind", &InlierModel::kind, "\"MahalanobisKNN\" or \"GaussianMixtureInlier\".")
        .def_property_readonly("dimensions", &InlierModel::dimensions, "D of an embedding.")
        .def_property_readonly("vectors", &InlierModel::vectors, "Number of training vectors; None for a GaussianMixtureInlier.")
        .def_property_readonly("neighbours", &InlierModel::neighbours, "k; None for a GaussianMixtureInlier.")
        .def_property_readonly("components", &InlierModel::components, "K; None for a MahalanobisKNN.")
        .def("__repr__", &InlierModel::text)
        .def("anomaly_score", &InlierModel::anomaly_score, "queries"_a, py::kw_only(), "threads"_a = 1, "out"_a = py::none(),
             R"(Anomaly scores; higher is more anomalous. Equal to asd-inlier's anomaly_score to 1e-4.

A row's score does not depend on the other rows.

Args:
    queries: (N, D) float32 or float64; a view that is not dense is copied.
    threads: 0 means all cores. The result does not depend on it.
    out: (N,) float64, dense, not overlapping queries.

Returns:
    (N,) float64.

Raises:
    TypeError: if queries or out has another type.
    ValueError: if queries are not (N, D) with the model's D or not finite, or a row is so far out that float32 overflows.
)");
}

}  // namespace asd::bindings
