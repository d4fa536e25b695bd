/*
 * experiment_statistic.h: the distributions that experiments are judged by.
 */
#ifndef WF_FLAGS_EXPERIMENT_STATISTIC_H
#define WF_FLAGS_EXPERIMENT_STATISTIC_H

extern double wf_flags_normal_cdf(double z);
extern double wf_flags_normal_quantile(double p);
extern double wf_flags_student_two_sided(double t, double df);
extern double wf_flags_student_critical(double alpha, double df);
extern double wf_flags_chi_square_upper(double x, double df);

#endif							/* WF_FLAGS_EXPERIMENT_STATISTIC_H */
